r"""A genuine webhook of each system, with its signature as ``openssl`` computes it.

Made with ``printf '%s' "$SIGNED" | openssl dgst -sha256 -hmac "$SECRET"`` (and ``-binary | base64`` where base64 is
wanted); what is signed is what each vendor publishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.ashby import push as ashby
from connectors.greenhouse import push as greenhouse
from connectors.hiring import generic, smartrecruiters, teamtailor, workable
from connectors.hiring.types import Kind
from connectors.lever import push as lever

SECRET = "6f1c7e2b9d804a53b1c2d3e4f5a60718"
OTHER = "another secret of some length 0123"
NOW = 1_700_000_000.0


@dataclass(frozen=True)
class Vector:
    """``header`` is what holds the signature, empty where the body does."""

    name: str
    read: Any
    body: bytes
    header: str
    signature: str
    about: str
    more: tuple[tuple[str, str], ...] = ()
    signs_body: bool = True
    kind: Kind = Kind.NEWS
    secret: str = SECRET

    @property
    def headers(self) -> dict[str, str]:
        return {**({self.header: self.signature} if self.header else {}), **dict(self.more)}


_AT = "1700000000"
VECTORS = (
    Vector(
        "greenhouse",
        greenhouse.read,
        rb'{"action":"candidate_stage_change","payload":{"application":{"id":265293,'
        rb'"candidate":{"first_name":"Zo\u00eb"},"current_stage":{"name":"Face to Face"}}}}',
        "signature",
        "sha256 c73528849d10fdc2462d1173ac5b58c354a1092baf01664019e8f6a473b02495",
        "265293",
        (("greenhouse-event-id", "1234"),),
    ),
    Vector(
        "lever",
        lever.read,
        b'{"id":"a","event":"candidateStageChange","triggeredAt":1700000000123,"token":"e1c5ef9a7b3f4d0c",'
        b'"data":{"opportunityId":"11111111-2222-3333-4444-555555555555","toStageId":"s2"},'
        b'"signature":"5250febca7f9d9d785250a97e5591e66e8aa536f527a886527ab4e7ed331d414"}',
        "",
        "",
        "11111111-2222-3333-4444-555555555555",
        signs_body=False,
    ),
    Vector(
        "ashby",
        ashby.read,
        b'{"action":"candidateStageChange","webhookActionId":"0b8c2f8e-3d6a-4c5e-9a51-6c0f9d1e7a11",'
        b'"data":{"application":{"id":"8a1f2b3c-0000-4000-8000-000000000001"}}}',
        "ashby-signature",
        "sha256=cb15fd93366d18ee245e1aebfd3f4469eb218bde8170f4bb23c598392886e5fb",
        "8a1f2b3c-0000-4000-8000-000000000001",
    ),
    Vector(
        "workable",
        workable.read,
        b'{"event_type":"candidate_moved","id":"evt-77","data":{"id":"3fa85f","stage":"Interview"}}',
        "x-workable-signature",
        "693d9c7cb33049a3bb84ba12a621ca1e3580515d8f3f982c890570d403f86ca5",
        "3fa85f",
    ),
    Vector(
        "workable in base64",
        workable.read,
        b'{"event_type":"candidate_moved","id":"evt-77","data":{"id":"3fa85f","stage":"Interview"}}',
        "x-workable-signature",
        "aT2cfLMwSaO7hLoSpiHKHjWAUV2PP5gsiQVw1AP4bKU=",
        "3fa85f",
    ),
    Vector(
        "smartrecruiters",
        smartrecruiters.read,
        b'{"job_id":"j-9","candidate_id":"c-4"}',
        "smartrecruiters-signature",
        "v1=" + "0" * 64 + ";v1=f4bd91236f5036aff211ac3f010f3369e003d2b0daab59cf49e2b8cbdbaaba53",
        "c-4",
        (
            ("smartrecruiters-timestamp", _AT),
            ("event-id", "ev-1"),
            ("event-name", "application.status.updated"),
            ("event-version", "v201804"),
            ("link", "<https://api.example.com/a/1>"),
        ),
    ),
    Vector(
        "teamtailor",
        teamtailor.read,
        b'{"event_name":"job_application.update","resource_id":"771144"}',
        "tt-signature",
        "dD0xNzAwMDAwMDAwLHYyPTQ1ZDJlYTRjMTY5N2FiNTU3MGJhZDE5ODdhZmZjZTBiNTU1ZGJlNDIwOWY1OTRmZTM4YjFmY2RiNjQyNTliOWE=",
        "771144",
    ),
    Vector(
        "teamtailor for partners",
        teamtailor.read,
        b'{"event_name":"job_application.update","resource_id":"771144"}',
        "teamtailor-signature",
        "MmQ5YzJkNzY4MDJlNzhjZTJkNWQ1OWY0Mjg4MzAwYWEzYmFlY2QzYjcxNzE0YjExZDYxYzQ4NTFjY2I4ZTgzMg==",
        "771144",
        signs_body=False,
    ),
    Vector(
        "generic",  # the example of the Standard Webhooks specification
        generic.read,
        b'{"test": 2432232314}',
        "webhook-signature",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "",
        (("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("webhook-timestamp", "1614265330")),
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ),
)
