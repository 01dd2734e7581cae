"""External delegates: shared libraries that take a model's operations to an accelerator."""

import ctypes
from collections.abc import Mapping
from typing import Any

CREATE, DESTROY = "tflite_plugin_create_delegate", "tflite_plugin_destroy_delegate"
"""What such a library exports (TensorFlow's external_delegate_interface.h)."""
_REPORT_ERROR = ctypes.CFUNCTYPE(None, ctypes.c_char_p)


class Lost(Exception):
    """The accelerator can't be used, for the reason in the message."""


class Unsuited(Lost):
    """It is there, but has no use for this model: trying again wouldn't help."""


class Delegate:
    """A delegate made by a shared library, for one interpreter, which keeps it alive.

    Both libraries have a `load_delegate`, which isn't used: it holds Python's lock while the
    device opens, seconds for a USB device, in which no node could work; it has the library
    destroy the NULL that says "no device"; and it ends in "exception ignored" where the library
    is missing or is none.
    """

    def __init__(self, library: str, options: Mapping[str, str]) -> None:
        """Load the library and open its device. Raises Lost where either can't be had."""
        self._pointer: int | None = None
        try:
            loaded = ctypes.CDLL(library)
            create = getattr(loaded, CREATE)
            self._destroy = getattr(loaded, DESTROY)
        except OSError as error:
            raise Lost(f"its library can't be loaded ({error})") from error
        except AttributeError as error:
            raise Lost(f"{library} is no delegate ({error})") from error
        strings = ctypes.c_char_p * len(options)
        create.argtypes = [strings, strings, ctypes.c_size_t, _REPORT_ERROR]
        create.restype = ctypes.c_void_p
        self._destroy.argtypes, self._destroy.restype = [ctypes.c_void_p], None
        said: list[str] = []
        self._pointer = create(
            strings(*(key.encode() for key in options)),
            strings(*(value.encode() for value in options.values())),
            len(options),
            _REPORT_ERROR(lambda message: said.append(message.decode(errors="replace"))),
        )
        if not self._pointer:
            raise Lost("; ".join(said) or "no device found")

    def _get_native_delegate_pointer(self) -> Any:
        """Return what the interpreter asks its delegates for; the name is the library's."""
        return self._pointer

    def __del__(self) -> None:
        if self._pointer:
            self._destroy(self._pointer)
