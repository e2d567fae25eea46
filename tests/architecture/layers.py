"""The map that imports must follow, and what breaks it."""

from graphlib import CycleError, TopologicalSorter

from tests.architecture.source import APPS, Import

# An app may import itself and these.
APP_ARROWS = {
    "taskrunner": {"configapp", "workloads", "queueapp"},
    "configapp": {"queueapp"},
    "workloads": {"queueapp"},
    "queueapp": set(),
}
# Inside queueapp, from the top: a module imports its own layer and those below.
LAYERS = [
    {"apps", "checks", "receivers", "builtin_handlers", "installation", "testing"},
    {"templatetags"},
    {"console"},
    {"rest", "admin", "management", "contrib"},
    {"typed"},
    {"worker"},
    {"maintenance", "doctor", "health", "startup"},
    {"apikeys", "artifacts", "error_groups", "runs", "schedules"},
    {"operators", "hooks"},
    {"tasks"},
    {"claiming", "limits"},
    {"handlers", "handler_options", "observers", "redis"},
    {"tenancy"},
    {"migrations"},
    {"schema"},
    {"db"},
    {"models"},
    {"validation"},
    {
        "conf",
        "clock",
        "process_identity",
        "states",
        "errors",
        "fingerprints",
        "durations",
        "histograms",
        "windows",
        "retry_policy",
        "timing",
        "type_patterns",
        "redaction",
        "masked_logs",
        "json_values",
        "log_fields",
    },
]


def is_ours(target: str) -> bool:
    return target.split(".")[0] in APPS


def layer_of(module: str) -> int:
    """Raises LookupError for a part of queueapp that the map does not know."""
    part = module.split(".")[1]
    for number, layer in enumerate(LAYERS):
        if part in layer:
            return number
    raise LookupError(f"{module}: tell tests/architecture/layers.py which layer queueapp.{part} is in")


def breaks_the_map(module: str, target: str) -> bool:
    app, target_app = module.split(".")[0], target.split(".")[0]
    if app != target_app:
        return target_app not in APP_ARROWS[app]
    if app != "queueapp" or "." not in module or "." not in target:
        return False
    return layer_of(target) < layer_of(module)


def cycle_in(imports: dict[str, list[Import]]) -> list[str] | None:
    """A ring of modules that import each other, if there is one."""
    graph = {module: {each.target for each in found if each.target != module} for module, found in imports.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return None
