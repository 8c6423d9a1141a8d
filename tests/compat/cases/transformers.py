# /// script
# dependencies = ["transformers", "numpy"]
#
# [tool.compat]
# kinds = ["lists its own folders", "lazy modules"]
# ///
"""Lazy modules that list their own folders; no torch."""

from transformers import AutoConfig, BertConfig, is_torch_available
from transformers.models.auto import CONFIG_MAPPING

print(BertConfig(hidden_size=32, num_attention_heads=2).hidden_size, is_torch_available())
print("llama" in CONFIG_MAPPING, type(AutoConfig.for_model("gpt2")).__name__)
