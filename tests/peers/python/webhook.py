"""The receiving side of a webhook, by an implementation that is not Beckon's.

Speaks lines of JSON: says its time, reads {"secret", "headers", "body"}, says whether that verifies and hands
back a signature of its own over the same body.
"""

import json
import sys
from datetime import datetime, timezone

from standardwebhooks import Webhook, WebhookVerificationError

now = datetime.now(timezone.utc)
print(json.dumps({"now": int(now.timestamp())}), flush=True)

for line in sys.stdin:
    request = json.loads(line)
    webhook = Webhook(request["secret"])
    try:
        parsed = webhook.verify(request["body"], request["headers"])
        verified = True
    except WebhookVerificationError:
        parsed, verified = None, False
    signature = webhook.sign("msg_of_python", now, request["body"])
    print(json.dumps({"verified": verified, "type": (parsed or {}).get("type"), "signature": signature}), flush=True)
