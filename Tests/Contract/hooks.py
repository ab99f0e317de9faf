"""What schemathesis must know of the gateway beyond its contract."""

import itertools

import schemathesis
from schemathesis.core.failures import Failure

# What no schema says of a create: which names and keys there are, which fields exclude each other, who is configured.
BEYOND_SCHEMA = {
    "unknown_value": ("key", "provider", "provider_options", "model"),
    "conflict": ("",),
    "not_supported": ("",),
    "invalid": ("provider_options", "webhook_url"),
}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    # The gateway that is tested has clients, so a key is no choice.
    raw_schema["security"] = [{"bearer": []}]


creates = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    # The key of the contract's example would bring back the first answer, also of a task that was deleted since.
    for name, value in list((case.headers or {}).items()):
        # What waits for sounds has tests of its own; here an hour would go by.
        if name.lower() == "prefer" and value == "wait=30":
            case.headers[name] = "wait=1"
        if name.lower() == "idempotency-key" and value == "9f0c1b52-3f8e-4a52-8e3c-7a1f6f0b7a55":
            case.headers[name] = f"{value}-{next(creates)}"


class RefusedWithoutReason(Failure):
    """A create that the schema allows was refused for something that the schema could have said."""


@schemathesis.check
def refused_for_what_no_schema_says(context, response, case):
    operation = case.operation.definition.raw.get("operationId")
    if operation not in ("createSound", "createPlan", "getUsage"):
        return
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    problem = response.json()
    if operation == "getUsage":
        # From before to; not too many rows.
        if all(error["field"] in ("from", "to", "interval") for error in problem["errors"]):
            return
    if problem["code"] in ("no_provider", "idempotency_mismatch"):
        return
    for error in problem["errors"]:
        fields = BEYOND_SCHEMA.get(error["code"], ())
        if not any(error["field"].startswith(field) for field in fields):
            raise RefusedWithoutReason(
                operation=case.operation.label, title="Refused for what the schema allows", message=str(error)
            )
