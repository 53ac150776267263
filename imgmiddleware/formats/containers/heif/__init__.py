"""Pictures as items of a container (ISO/IEC 23008-12, "HEIF"): what AVIF and HEIC share."""
