"""How records stand, as metrics in the text format of Prometheus (exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ..standing import Standing, Token

Labels = tuple[tuple[str, str], ...]
Samples = Iterator[tuple[Labels, float | None]]


class Metric(NamedTuple):
    """A gauge, and where its samples are in the standing of a record; None is no sample."""

    name: str
    help: str
    samples: Callable[[Standing], Samples]


def _of_record(value: Callable[[Standing], float | None]) -> Callable[[Standing], Samples]:
    def samples(standing: Standing) -> Samples:
        yield (("record", standing.name),), value(standing)

    return samples


def _of_tokens(value: Callable[[Token], float | None]) -> Callable[[Standing], Samples]:
    def samples(standing: Standing) -> Samples:
        for token in standing.tokens:
            yield _labels(standing, token), value(token)

    return samples


def _labels(standing: Standing, token: Token) -> Labels:
    named = (("token", token.name),) if token.name else ()
    return (("record", standing.name), *named)


def _info(standing: Standing) -> Samples:
    about = {"recipe": standing.recipe, "profile": standing.profile, "state": standing.state}
    yield (("record", standing.name), *about.items()), 1


def _errors(standing: Standing) -> Samples:
    for token in standing.tokens:
        if token.last_error:
            code = ("code", token.last_error.code)
            yield (*_labels(standing, token), code), token.last_error.at


METRICS = (
    Metric("flowrun_record_info", "What a record is, and its state in words.", _info),
    Metric(
        "flowrun_record_exit_status",
        "The exit status that a record makes: 0 when nothing has to be done.",
        _of_record(lambda record: record.exit_status),
    ),
    Metric(
        "flowrun_record_readable",
        "Whether a record can be read.",
        _of_record(lambda record: bool(record.tokens)),
    ),
    Metric(
        "flowrun_access_token_expires_timestamp_seconds",
        "When an access token ends.",
        _of_tokens(lambda token: token.expires_at),
    ),
    Metric(
        "flowrun_refresh_token_expires_timestamp_seconds",
        "When a refresh token ends, where that is known.",
        _of_tokens(lambda token: token.refresh_expires_at),
    ),
    Metric(
        "flowrun_last_refresh_timestamp_seconds",
        "When a token was refreshed last.",
        _of_tokens(lambda token: token.refreshed_at),
    ),
    Metric(
        "flowrun_last_error_timestamp_seconds",
        "When the last refresh failed, by the code of the error; gone after the next that works.",
        _errors,
    ),
    Metric(
        "flowrun_needs_person",
        "Whether only a person can help.",
        _of_tokens(lambda token: token.needs_person is not None),
    ),
    Metric(
        "flowrun_refreshable",
        "Whether a token can be refreshed without a person.",
        _of_tokens(lambda token: token.refreshable),
    ),
    Metric(
        "flowrun_access_token_rejected",
        "Whether a server has refused an access token that it was shown.",
        _of_tokens(lambda token: token.rejected),
    ),
    Metric(
        "flowrun_retry_timestamp_seconds",
        "Until when the provider asked to wait.",
        _of_tokens(lambda token: token.retry_at),
    ),
    Metric(
        "flowrun_refresh_pending",
        "Whether a refresh is not settled.",
        _of_record(lambda record: record.pending),
    ),
    Metric(
        "flowrun_scopes_missing",
        "How many scopes were asked for and not granted.",
        _of_record(lambda record: len(record.missing) if record.tokens else None),
    ),
    Metric(
        "flowrun_orphans",
        "How many answers are kept that belong to no record any more.",
        _of_record(lambda record: len(record.orphans)),
    ),
)


def exposition(standings: Sequence[Standing]) -> Iterator[str]:
    """The lines of all metrics that have samples."""
    for metric in METRICS:
        lines = list(_lines(metric, standings))
        if lines:
            yield f"# HELP {metric.name} {metric.help}"
            yield f"# TYPE {metric.name} gauge"
            yield from lines


def _lines(metric: Metric, standings: Iterable[Standing]) -> Iterator[str]:
    for standing in standings:
        for labels, value in metric.samples(standing):
            if value is not None:
                said = ",".join([f'{name}="{_escaped(text)}"' for name, text in labels])
                yield f"{metric.name}{{{said}}} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
