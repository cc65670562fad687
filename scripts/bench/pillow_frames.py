"""Resizes PNG frames with Pillow as the models' own Python pipeline does; called by scripts/bench/preprocess.ts.

    python3 scripts/bench/pillow_frames.py OUT SIZE FIT ROTATION DISPLAY_WIDTH DISPLAY_HEIGHT FRAME.png…

Writes the RGB bytes of every frame, SIZE x SIZE each, one after another to OUT. FIT is `stretch` (the whole frame
into the square) or `centre-crop` (CLIPImageProcessor: shorter edge to SIZE, longer edge and margins rounded down).
ROTATION is the clockwise turn that makes the stored frame upright. The displayed size, upright, is that of the
frame in square pixels and matters to `centre-crop` alone. Prints Pillow's version.
"""
import pathlib
import sys

import PIL
from PIL import Image

CLOCKWISE = {90: Image.ROTATE_270, 180: Image.ROTATE_180, 270: Image.ROTATE_90}


def prepare(image, size, fit, display_width, display_height):
    if fit == "stretch":
        return image.resize((size, size), Image.BICUBIC)
    if display_width <= display_height:
        width, height = size, int(size * display_height / display_width)
    else:
        width, height = int(size * display_width / display_height), size
    left, top = (width - size) // 2, (height - size) // 2
    return image.resize((width, height), Image.BICUBIC).crop((left, top, left + size, top + size))


def main(out, size, fit, rotation, display_width, display_height, *paths):
    blob = bytearray()
    for path in paths:
        image = Image.open(path).convert("RGB")
        if int(rotation) in CLOCKWISE:
            image = image.transpose(CLOCKWISE[int(rotation)])
        blob += prepare(image, int(size), fit, int(display_width), int(display_height)).tobytes()
    pathlib.Path(out).write_bytes(bytes(blob))
    print(PIL.__version__)


main(*sys.argv[1:])
