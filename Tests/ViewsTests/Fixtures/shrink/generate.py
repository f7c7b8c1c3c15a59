"""Writes smooth.jpg: 320 by 240 pixels without hard edges, quality 95. Run with Pillow 13.0.0: python generate.py"""

from pathlib import Path

from PIL import Image

picture = Image.new("RGB", (320, 240))
picture.putdata([(x * 200 // 320, y, (x + y) * 255 // 560) for y in range(240) for x in range(320)])
picture.save(Path(__file__).parent / "smooth.jpg", quality=95)
