"""A message that only one browser can read: aes128gcm after RFC 8291 (keys) and RFC 8188 (format). Pure."""

import base64
import binascii
import struct

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from aimonitor.hub.push.records import Keys

LIMIT = 3_900
"""Bytes of a message; push services take 4,096 encrypted ones."""

_RECORD = 4_096
_LAST = b"\x02"
_POINT, _SECRET = 65, 16


class KeysError(ValueError):
    """These are no keys of a browser."""


def seal(message: bytes, keys: Keys, own: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """The body for the push service.

    own: a key for this message alone; salt: 16 random bytes. Raises KeysError, and ValueError above LIMIT.
    """
    if len(message) > LIMIT:
        raise ValueError(f"expected a message of {LIMIT} bytes at most, got {len(message)}")
    theirs, secret = point(keys.p256dh), unpack(keys.auth)
    if len(secret) != _SECRET:
        raise KeysError(f"auth: expected {_SECRET} bytes, got {len(secret)}")
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
    except (ValueError, InvalidKey):
        raise KeysError("p256dh: expected a point of P-256") from None
    ours = public_point(own)
    shared = own.exchange(ec.ECDH(), public)
    material = _derive(secret, shared, b"WebPush: info\0" + theirs + ours, 32)
    key = _derive(salt, material, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(salt, material, b"Content-Encoding: nonce\0", 12)
    header = salt + struct.pack(">IB", _RECORD, len(ours)) + ours
    return header + AESGCM(key).encrypt(nonce, message + _LAST, None)


def public_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, uncompressed."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def point(text: str) -> bytes:
    """A public key as the browser gives it. Raises KeysError."""
    data = unpack(text)
    if len(data) != _POINT or data[0] != 4:
        raise KeysError(f"p256dh: expected an uncompressed point of {_POINT} bytes, got {len(data)}")
    return data


def unpack(text: str) -> bytes:
    """Bytes from base64url without padding. Raises KeysError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise KeysError("expected base64url") from None


def pack(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _derive(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(material)
