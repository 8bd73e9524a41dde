"""A browser that decrypts Web Push, by an implementation that is not Beckon's: the package http_ece.

Speaks lines of JSON: makes a key pair and says its public half, then reads {"auth", "body"} in base64url, with
"wrong" where another private key is to be tried, and says the text or why it cannot be read.
"""

import base64
import json
import sys

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


own = ec.generate_private_key(ec.SECP256R1())
point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
print(json.dumps({"p256dh": base64.urlsafe_b64encode(point).decode().rstrip("=")}), flush=True)

for line in sys.stdin:
    request = json.loads(line)
    key = ec.generate_private_key(ec.SECP256R1()) if request.get("wrong") else own
    try:
        text = http_ece.decrypt(
            decoded(request["body"]), private_key=key, auth_secret=decoded(request["auth"]), version="aes128gcm"
        )
        said = {"text": text.decode()}
    except Exception as error:  # whatever the library raises, it could not read it
        said = {"error": type(error).__name__}
    print(json.dumps(said), flush=True)
