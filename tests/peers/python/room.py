"""ffmpeg publishes a test picture by WHIP, aiortc plays it by WHEP.

BECKON_URL, ROOM, PUBLISH_TOKEN and WATCH_TOKEN say where. Prints one line of JSON: what was seen.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request

import imageio_ffmpeg
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

URL, ROOM = os.environ["BECKON_URL"], os.environ["ROOM"]
SECONDS = 5
# It stays on until it has seen this of each, for at most so long.
ENOUGH = 60
LIMIT_SECONDS = 60


def publish():
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    source = ["-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-re", "-f", "lavfi", "-i", "sine=frequency=440"]
    video = ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0", "-g", "50"]
    audio = ["-c:a", "libopus", "-ar", "48000", "-ac", "2"]
    whip = ["-f", "whip", "-authorization", os.environ["PUBLISH_TOKEN"], f"{URL}/whip/{ROOM}"]
    command = [ffmpeg, "-hide_banner", "-loglevel", "warning", *source, *video, "-b:v", "1000k", "-pix_fmt", "yuv420p", *audio, *whip]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)


async def watch():
    peer = RTCPeerConnection()
    seen = {"video": 0, "audio": 0, "first_ms": None, "width": None}
    began = time.monotonic()

    @peer.on("track")
    def on_track(track):
        async def take():
            while True:
                try:
                    frame = await track.recv()
                except MediaStreamError:
                    return
                seen[track.kind] += 1
                if track.kind == "video" and seen["first_ms"] is None:
                    seen["first_ms"] = round((time.monotonic() - began) * 1000)
                    seen["width"] = frame.width

        asyncio.ensure_future(take())

    peer.addTransceiver("audio", direction="recvonly")
    peer.addTransceiver("video", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    headers = {"content-type": "application/sdp", "authorization": f"Bearer {os.environ['WATCH_TOKEN']}"}
    body = peer.localDescription.sdp.encode()
    request = urllib.request.Request(f"{URL}/whep/{ROOM}", body, headers, method="POST")
    answer = await asyncio.to_thread(lambda: urllib.request.urlopen(request).read().decode())
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await asyncio.sleep(SECONDS)
    while min(seen["video"], seen["audio"]) < ENOUGH and time.monotonic() - began < LIMIT_SECONDS:
        await asyncio.sleep(0.1)
    state = peer.connectionState
    await peer.close()
    return {**seen, "state": state}


def main():
    ffmpeg = publish()
    try:
        time.sleep(4)
        if ffmpeg.poll() is not None:
            sys.exit(ffmpeg.stderr.read().decode())
        print(json.dumps(asyncio.run(watch())))
    finally:
        ffmpeg.terminate()
        ffmpeg.wait(10)


main()
