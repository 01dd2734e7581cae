"""The report on the models, a page with pictures: `docs/models.md` is one."""

from pathlib import Path

from edge.errors import UserError
from edge.inference.manifest import Manifest
from edge.inference.report.page import Shares, markdown, rows
from edge.inference.report.plots import draw

__all__ = ["write"]


def write(manifest: Manifest, shares: Shares, folder: Path) -> list[Path]:
    """Write models.md and images/*.png into a folder, made if it isn't there; return their paths.

    `shares`: what an Edge TPU would run, of the variants for which that is known. Raises UserError
    without matplotlib and where the folder can't be written to.
    """
    pictures = draw(rows(manifest))
    addresses = {picture.title: f"images/{picture.name}" for picture in pictures}
    page = markdown(manifest, shares, addresses)
    files = {folder / "images" / picture.name: picture.content for picture in pictures}
    files[folder / "models.md"] = page.encode()
    try:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            part = path.with_name(f"{path.name}.part")
            part.write_bytes(content)
            part.replace(path)
    except OSError as error:
        raise UserError(f"can't write to {folder} ({error.strerror}): --out FOLDER") from error
    return list(files)
