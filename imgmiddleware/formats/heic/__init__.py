"""HEIC: pictures coded by HEVC."""
