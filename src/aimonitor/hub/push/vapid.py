"""Who sends: a signed statement for the push service, so that it can reach us when we misbehave (RFC 8292). Pure."""

import json
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from aimonitor.hub.push.sealing import pack, public_point, unpack

_VALID_S = 12 * 3600
"""Services refuse more than a day."""


def new_key() -> str:
    """A private key for a hub, as it is kept."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return pack(number.to_bytes(32, "big"))


def read_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The key that `new_key` made. Raises ValueError."""
    return ec.derive_private_key(int.from_bytes(unpack(text), "big"), ec.SECP256R1())


def authorization(endpoint: str, key: ec.EllipticCurvePrivateKey, contact: str, utc: float) -> str:
    """The header for one push service. `contact`: mailto: or https: address of whoever runs the hub."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(utc) + _VALID_S, "sub": contact}
    unsigned = f"{_part({'typ': 'JWT', 'alg': 'ES256'})}.{_part(claims)}"
    r, s = decode_dss_signature(key.sign(unsigned.encode(), ec.ECDSA(hashes.SHA256())))
    signature = pack(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={unsigned}.{signature}, k={pack(public_point(key))}"


def _part(content: dict[str, object]) -> str:
    return pack(json.dumps(content, separators=(",", ":")).encode())
