"""The text at the end of each command's `--help`."""

SERVE = """\
examples:
  imgmiddleware serve photos/
  imgmiddleware serve photos/ --default "w=1600&fm=webp" --port 8080
  imgmiddleware serve photos/ --preset thumb="w=200&h=200&fit=crop" --presets-only
  imgmiddleware serve photos/ --widths 320,640,1280 --snap --workers 4
  imgmiddleware serve s3://photos/originals

The page at / shows the originals; /image/cat.tif?w=800 is one of them, 800 pixels wide.
"""
DEMO = """\
examples:
  imgmiddleware demo
  imgmiddleware demo --port 8080
  imgmiddleware demo --host 0.0.0.0

The last one is for a container, whose 127.0.0.1 cannot be reached from outside.
The originals are drawn in a temporary directory, which is deleted at the end.
"""
WARM = """\
examples:
  imgmiddleware warm photos/ -q "w=400" -q "w=800"
  imgmiddleware warm photos/ --preset thumb="w=200&h=200&fit=crop" -q preset=thumb
  imgmiddleware warm photos/ --cache-dir /var/cache/shop --ids new.txt -q "w=400"
  imgmiddleware warm shop.images:service --ids - -q preset=thumb < ids.txt

The application with this cache_dir then has all answers ready. Each query is made in all formats
that clients get. Exit code 1: some were refused, for the reasons on standard error.
"""
CACHE = """\
examples:
  imgmiddleware cache stats
  imgmiddleware cache purge photos/ 2024/cat.tif
  imgmiddleware cache purge photos/ cat.tif --cache-dir /var/cache/shop
  imgmiddleware cache purge shop.images:service 7 8
"""
RENDER = """\
examples:
  imgmiddleware render scan.tif --to scan.webp -q "w=1600"
  imgmiddleware render photo.bmp --to thumb.jpg -q "w=200&h=200&fit=crop&q=60"
  imgmiddleware render photo.bmp --to - -q "w=800&fm=png" > photo.png

Exit code 1: the picture was refused, for the reason on standard error; 2: wrong usage.
"""
