"""Which accelerators this machine has, without opening any."""

from pathlib import Path

EDGE_TPU_USB = {("1a6e", "089a"), ("18d1", "9302")}
"""Vendor and product before and after its firmware is loaded."""


def edge_tpus(usb: Path = Path("/sys/bus/usb/devices"), dev: Path = Path("/dev")) -> list[str]:
    """Return the Edge TPUs on USB and PCIe, by their places."""
    found = [str(path) for path in sorted(dev.glob("apex_*"))]
    for vendor in sorted(usb.glob("*/idVendor")):
        product = vendor.with_name("idProduct")
        try:
            ids = vendor.read_text().strip(), product.read_text().strip()
        except OSError:  # unplugged while we looked
            continue
        if ids in EDGE_TPU_USB:
            found.append(f"USB {vendor.parent.name}")
    return found
