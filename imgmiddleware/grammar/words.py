"""What people call the parameters who know them from elsewhere: some of it is taken, and of the
rest a refusal tells them ours.
"""

#: imgix's `auto`, accepted for its client libraries: what it asks for is done here anyway.
AUTO = ("format", "compress")
#: The same, said as a switch.
AUTO_WORDS = frozenset({*AUTO, "true"})

#: Other names for parameters, which mean the same and have one spelling in a key: old ones of ours,
#: and imgix's.
ALIASES = {
    "frame": "page",
    "upscale": "enlarge",
    **{
        f"mark{end}": f"mark-{end}"
        for end in ("align", "alpha", "fit", "h", "pad", "scale", "tile", "w", "x", "y")
    },
}

WORDS = {
    "width": "w",
    "height": "h",
    "size": "w",
    "mode": "fit",
    "resize": "fit",
    "gravity": "crop",
    "position": "crop",
    "aspect": "ar",
    "aspect_ratio": "ar",
    "aspect-ratio": "ar",
    "ratio": "ar",
    "density": "dpr",
    "withoutenlargement": "enlarge",
    "region": "rect",
    "extract": "rect",
    "rotate": "rot",
    "rotation": "rot",
    "angle": "rot",
    "orientation": "orient",
    "mirror": "flip",
    "flop": "flip",
    "sharpen": "sharp",
    "padding": "pad",
    "brightness": "bri",
    "contrast": "con",
    "exposure": "exp",
    "gamma": "gam",
    "saturation": "sat",
    "saturate": "sat",
    "hue-rotate": "hue",
    "vibrance": "vib",
    "negate": "invert",
    "negative": "invert",
    "tint": "monochrome",
    "pixelate": "px",
    "denoise": "nr",
    "background": "bg",
    "bgcolor": "bg",
    "color": "bg",
    "colour": "bg",
    "format": "fm",
    "fmt": "fm",
    "type": "fm",
    "output": "fm",
    "quality": "q",
    "metadata": "keep",
    "strip": "keep",
    "animated": "anim",
    "animation": "anim",
    "watermark": "mark",
    "overlay": "mark",
    "version": "v",
    "download": "dl",
    "filename": "dl",
}
