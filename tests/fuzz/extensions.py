"""What Schemathesis cannot read off the OpenAPI document: how files look, and what a refusal says."""

import csv
import gzip
import io
import json
import re
import zlib

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation

INSERT = "POST /v0/insert-data"
IMPORT = "POST /v0/orders/import"

# Refusals of an import that depend on what is in the file, or on earlier imports. No schema can tell them.
OF_CONTENT = {"columns-not-found", "body-not-gzip", "idempotency-key-reused", "not-text"}
# And of its address: zones that Postgres does not know, and a quote that is the delimiter.
OF_ADDRESS = {"/time_zone", "/delimiter"}

# Refusals of the console that no schema can tell either: a cursor that no list gave, half of a row's name, a confirmation
# that is not the name of the system, a body that no consumer reads; and of a search what contradicts itself: a time that ends
# before it begins, an origin under two names that differ, words without a letter, two ways to say which message is meant.
OF_PLACES = {"/cursor", "/system", "/confirm"}
OF_SEARCHES = re.compile("is not before `to`|is not the same as `origin`|has no word in it|There is no word in|.* Leave one of them out|A message id alone")
# Actions beside the dead letters, which have ids: GET finds no dead letter of this name, and says so.
BESIDE_IDS = re.compile("/dead-letters/(discards|preview|redrives)$")

values = st.one_of(st.text(max_size=20), st.decimals(allow_nan=True).map(str), st.datetimes().map(str))
columns = st.sampled_from(["product", "price", "created_at"]) | st.text(max_size=5)
names = st.sampled_from([["product", "price"], ["product", "price", "created_at"]]) | st.lists(columns, max_size=5)


@st.composite
def csv_files(draw):
    header = draw(names)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=draw(st.sampled_from(",;|\t")), lineterminator=draw(st.sampled_from(["\n", "\r\n"])))
    writer.writerow(header)
    writer.writerows(draw(st.lists(st.lists(values, min_size=len(header), max_size=len(header) + 1), max_size=5)))
    return text.getvalue().encode()


json_values = st.none() | st.booleans() | st.integers() | st.floats() | values
records = st.dictionaries(columns, json_values | st.lists(json_values, max_size=2), max_size=4)
ndjson_files = st.lists(records.map(json.dumps) | values, max_size=5).map(lambda lines: "\n".join(lines).encode())
plain_files = csv_files() | ndjson_files | st.binary(max_size=200)
gzip_files = plain_files.map(lambda content: gzip.compress(content, mtime=0))

for name in ("text/csv", "application/csv", "text/tab-separated-values"):
    schemathesis.openapi.media_type(name, csv_files() | st.binary(max_size=200))
for name in ("text/plain", "application/vnd.ms-excel"):
    schemathesis.openapi.media_type(name, plain_files)
schemathesis.openapi.media_type("application/x-ndjson", ndjson_files | st.binary(max_size=200))
schemathesis.openapi.media_type("application/gzip", gzip_files | st.binary(max_size=200))
schemathesis.openapi.media_type("application/octet-stream", plain_files | gzip_files)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Examples of files are texts; what is generated is bytes."""
    operation = raw_schema["paths"].get("/v0/orders/import", {}).get("post", {})
    for media_type in operation.get("requestBody", {}).get("content", {}).values():
        if "example" in media_type:
            media_type["example"] = media_type["example"].encode()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "pipeline" in case.path_parameters:
        # Nobody can make up the name of a pipeline, and each has the same routes.
        case.path_parameters["pipeline"] = "orders"
    if case.operation.label == INSERT:
        # A million rows take seconds; and JSON Schema has no sums, which must be 1 to 1,000,000 here. Both limits have
        # tests of their own (apps/orders-api/test).
        rows = {name: min(count, 200) for name, count in case.body.items()}
        case.body = rows if any(rows.values()) else {**rows, "positive_inserts": 1}
    if case.operation.label == IMPORT and zlib.crc32(repr((case.query, case.body)).encode()) % 4 > 0:
        # Columns with random names are in no file, and a key is taken after one file: most cases go on without.
        case.query = {}
        case.headers.pop("idempotency-key", None)


def is_of_console(failure, case, response):
    if failure.code == "ST202":  # a valid request was refused
        problem = response.json()
        return problem["code"] == "body-refused" or any(
            mistake["pointer"] in OF_PLACES or OF_SEARCHES.match(mistake["detail"])
            for mistake in problem.get("errors", [])
        )
    # An invalid one was taken: a number of a URL is read as numbers are, and "true" is 1.
    return failure.code == "ST201" and any(value in (True, False, "true", "false") for value in case.query.values())


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops what no import and no list can do better."""
    if failure.code in ("ST204", "ST205"):  # a method that is not described
        return BESIDE_IDS.search(case.operation.path) is None
    if case.meta is None:
        return True
    if case.operation.label != IMPORT:
        return not is_of_console(failure, case, response)
    if failure.code == "ST202":  # a valid request was refused
        problem = response.json()
        pointers = {mistake["pointer"] for mistake in problem.get("errors", [])}
        return problem["code"] not in OF_CONTENT and not pointers <= OF_ADDRESS
    if failure.code == "ST201":  # an invalid request was taken: 0 instead of "0", which is the same file
        wrong = {location for location in case.meta.components if case.meta.is_negative_at(location)}
        return wrong != {ParameterLocation.BODY}
    return True


@schemathesis.check
def refusals_explain_themselves(ctx, response, case):
    """Every refusal is a problem with a code; one of an invalid request says where each mistake is."""
    if response.status_code < 400:
        return
    media_type, _, _ = response.headers["content-type"][0].partition(";")
    assert media_type == "application/problem+json", f"a refusal is {media_type}"
    problem = response.json()
    code = problem.get("code")
    assert problem.get("status") == response.status_code, "the problem names another status"
    assert problem.get("type") == f"urn:esteira:problem:{code}", "the type is not made of the code"
    # What is not readable as HTTP has no parts yet.
    if response.status_code in (400, 413, 415, 422) and code != "malformed-request":
        mistakes = problem.get("errors", [])
        assert mistakes, "no mistake has a place"
        assert all(re.fullmatch("(/.*)?", mistake.get("pointer", "-"), re.S) for mistake in mistakes), "no pointer"
    if response.status_code == 503:
        assert "retry-after" in response.headers, "nothing says when to ask again"


@schemathesis.check
def lists_of_refused_rows_are_ndjson(ctx, response, case):
    """The document describes a line, not the whole."""
    if case.operation.definition.raw.get("operationId") != "refusedRows" or response.status_code != 200:
        return
    # Not splitlines(): a reason may hold other characters that separate lines for Python.
    for row in map(json.loads, filter(None, response.text.split("\n"))):
        assert row.keys() == {"line", "reason"} and row["line"] > 0 and row["reason"], "a line is no refused row"
