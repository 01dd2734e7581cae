"""How a node says which of a model's files it runs, and on what."""

from edge.graph.node import Context, Node
from edge.inference import Model, load_model
from edge.inference.accelerator import NONE


class ModelSettings(Node.Settings):
    """The options that all nodes with a model have in common."""

    variant: str | None = None
    """Of the model, by its name in `edge models list`; by default the fastest on this device that
    is accurate enough."""
    threads: int | None = None
    """Of the library, for one call; by default as many as save time worth a core, and one where the
    graph is held to a power."""
    accelerator: str | None = None
    """`edgetpu`, or the path of a delegate's library, each with `,key=value` for its options;
    `none` for the processor. By default what EDGE_ACCELERATOR says. A lost one is told of in
    `device` events, and the processor takes over."""


def open_model(
    name: str, settings: ModelSettings, context: Context, input_range: tuple[float, float]
) -> Model:
    """Load a node's model by name or path; what its settings leave open is found out by timing,
    but on the virtual clock, where the same input has to give the same results on any machine.

    `input_range`: what black and white become in a file that the manifest doesn't know.
    Raises UserError.
    """
    return load_model(
        name,
        settings.variant,
        settings.threads or (1 if context.frugal else None),
        input_range=input_range,
        timed=not context.simulated,
        # The results of a simulation follow from the graph, not from this machine's settings.
        accelerator=settings.accelerator or (NONE if context.simulated else None),
        tell=context.event,
        work=context.work,
    )
