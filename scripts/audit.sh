#!/usr/bin/env bash
# Look for known holes in what is installed on a device. Called by `make audit`. Exit code: 1 where
# there is one; 0 else, also where no database of holes can be reached, which is said.
set -euo pipefail
cd "$(dirname "$0")/.."
found=0
for lock in runtime screen; do
    # What it says beside its report is that it found no holes, also where it could look nothing up.
    report=$(.venv-audit/bin/pip-audit --disable-pip --no-deps --require-hashes --progress-spinner off \
        --format json -r "requirements/$lock.txt" 2>/dev/null) || true
    .venv-audit/bin/python - "$lock" "$report" <<'PY' || found=$?
import json, sys

lock, report = sys.argv[1:]
packages = json.loads(report)["dependencies"] if report.startswith("{") else []
known = [p for p in packages if "vulns" in p]
holes = [(p["name"], p["version"], v) for p in known for v in p["vulns"]]
for name, version, hole in holes:
    print(f"audit: {name} {version}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or '-'}")
if not known:
    print(f"audit: requirements/{lock}.txt NOT scanned: no database of holes can be reached here")
else:
    print(f"audit: {len(known)} packages of requirements/{lock}.txt, {len(holes)} known holes")
sys.exit(1 if holes else 0)
PY
done
exit "$found"
