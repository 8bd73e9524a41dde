"""Makes the film that joins are measured with, and publishes it by WHIP as it is: nothing is encoded while one measures.

    film.py make FILE KEY_EVERY_SECONDS MBIT     half a minute of 1280x720, 25 pictures a second, H.264 and Opus
    film.py publish FILE URL TOKEN               over and over, until it is stopped
"""

import os
import subprocess
import sys

import imageio_ffmpeg

FFMPEG = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "warning", "-y"]
SECONDS, RATE = 30, 25

if sys.argv[1] == "make":
    _, _, path, every, mbit = sys.argv
    source = ["-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate={RATE}", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
    frames, rate = str(round(float(every) * RATE)), f"{round(float(mbit) * 1000)}k"
    video = ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryfast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"]
    steady = ["-b:v", rate, "-maxrate", rate, "-bufsize", f"{round(float(mbit) * 500)}k", "-g", frames, "-keyint_min", frames, "-sc_threshold", "0"]
    audio = ["-c:a", "libopus", "-b:a", "64k", "-ac", "2"]
    subprocess.run([*FFMPEG, *source, "-t", str(SECONDS), *video, *steady, *audio, path], check=True)
else:
    _, _, path, url, token = sys.argv
    film = ["-stream_loop", "-1", "-re", "-i", path, "-c", "copy", "-f", "whip", "-authorization", token, url]
    os.execv(FFMPEG[0], [*FFMPEG, *film])
