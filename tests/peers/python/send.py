"""Tells the story through the unmodified segment-analytics-python:

    BECKON_URL=... BECKON_WRITE_KEY=... python send.py USER [--gzip]

Prints one JSON line of what was sent; exits 0 only if the SDK reported no error.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

from segment.analytics.client import Client


def main() -> int:
    user, *options = sys.argv[1:] or [""]
    if not user or any(option != "--gzip" for option in options):
        print("usage: python send.py USER [--gzip]", file=sys.stderr)
        return 2
    gzip = "--gzip" in options
    text = Path(__file__).resolve().parent.parent.joinpath("story.json").read_text("utf-8")
    story = json.loads(text.replace("{user}", user))
    ids = {"anonymous": f"{user}-anon", "guest": f"{user}-guest"}

    errors = []
    client = Client(
        os.environ["BECKON_WRITE_KEY"],
        host=os.environ["BECKON_URL"],
        gzip=gzip,
        max_retries=3,
        on_error=lambda error, _batch: errors.append(error),
    )
    for step in story["steps"]:
        who = {"anonymous_id": ids[step["who"]]} if step.get("who") else {"user_id": user}
        call = step["call"]
        if call == "identify":
            accepted, _ = client.identify(user_id=user, anonymous_id=ids["anonymous"], traits=story["traits"])
        elif call == "track":
            accepted, _ = client.track(event=step["event"], properties=step["properties"], **who)
        elif call in ("page", "screen"):
            tell = getattr(client, call)
            accepted, _ = tell(category=step["category"], name=step["name"], properties=step["properties"], **who)
        elif call == "group":
            accepted, _ = client.group(group_id=step["group"], traits=step["traits"], **who)
        else:
            accepted, _ = client.alias(previous_id=ids["guest"], user_id=user)
        if not accepted:
            errors.append(RuntimeError(f"the SDK did not queue {call}"))
    client.flush()
    client.join()

    for error in errors:
        print(f"segment-analytics-python: {error}", file=sys.stderr)
    if errors:
        return 1
    sent = {
        "sdk": "segment-analytics-python gzip" if gzip else "segment-analytics-python",
        "user": user,
        "anonymous": list(ids.values()),
        "events": Counter(step["event"] for step in story["steps"] if step["call"] == "track"),
        "calls": Counter(step["call"] for step in story["steps"]),
    }
    print(json.dumps(sent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
