"""Rules that are followed live, and changed while the daemon runs."""

import sys
from pathlib import Path

from tests.daemon.conftest import FACES, Starts


def rule(kind: str, out: Path) -> str:
    program = f"open({str(out)!r}, 'a').write('{kind}\\n')"
    return f"rules:\n- on: {kind}\n  do:\n  - command: [{sys.executable}, -c, {program!r}]\n"


def test_rules_are_followed_and_others_after_a_change(start: Starts, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    (tmp_path / "rules.yaml").write_text(rule("person_entered", out))
    daemon = start(FACES + "rules: rules.yaml\n")
    daemon.until(lambda s: s["server"]["actions"].get("done", 0) > 0)
    assert out.read_text().startswith("person_entered\n")

    (tmp_path / "rules.yaml").write_text("rules:\n- on: [\n")
    state = daemon.until(lambda s: s["server"]["config_error"])
    assert "rules.yaml" in state["server"]["config_error"]
    assert state["server"]["rules"] == 1  # the old ones hold

    (tmp_path / "rules.yaml").write_text(rule("person_left", out))
    daemon.until(lambda s: not s["server"]["config_error"])
    daemon.until(lambda s: s["server"]["actions"].get("done", 0) > 0)
    assert out.read_text().endswith("person_left\n")
