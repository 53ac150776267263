"""Pictures as items of a container (ISO/IEC 23008-12, "HEIF"): the common part of AVIF and HEIC."""
