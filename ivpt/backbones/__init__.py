"""Tokens out: adapters over timm vision transformers, and the embedded one."""
