"""Models and tiers that genai-prices lacks or has wrong, as reviewed rows.

A section is a provider of the price tables. A row is: names, tiers, then dollars per million tokens
of input, cached input, cache writes and output (`-`: none), and other rates by their names. What
follows a slash holds for the whole call beyond the provider's long-context threshold. Sources: the
providers' price pages as carried by litellm 1.106.2.
"""

from __future__ import annotations

from functools import cache

__all__ = ["LONG", "Row", "listed"]

#: More input tokens than these are long.
LONG = {"openai": 272000, "google": 200000, "x-ai": 199999, "azure": 200000}

_ROWS = """
[openai]
gpt-6-astra ultrafast 60/120 6/12 75/150 300/450
gpt-6.1-sol ultrafast 12/24 0.6/1.2 15/30 60/90
gpt-5.6-cyber default 12.5/25 1.25/2.5 15.625/31.25 75/112.5
gpt-5.5-cyber-preview default 12.5 1.25 - 75
gpt-5.5-pro batch 15/30 - - 90/135
daybreak-blue-latest,gpt-daybreak-blue-latest default 4/8 0.4/0.8 5/10 20/30
daybreak-red-latest,gpt-daybreak-red-latest default 12.5/25 1.25/2.5 15.625/31.25 75/112.5
babbage-002 batch 0.2 - - 0.2
davinci-002 batch 1 - - 1
ft:babbage-002 default 1.6 - - 1.6
ft:babbage-002 batch 0.8 - - 0.9
ft:davinci-002 default 12 - - 12
ft:davinci-002 batch 6 - - 6
ft:gpt-4.1 default 3 0.75 - 12
ft:gpt-4.1 batch 1.5 0.5 - 6
ft:gpt-4.1-mini default 0.8 0.2 - 3.2
ft:gpt-4.1-mini batch 0.4 0.1 - 1.6
ft:gpt-4.1-nano default 0.2 0.05 - 0.8
ft:gpt-4.1-nano batch 0.1 0.025 - 0.4
ft:o4-mini default 4 1 - 16
ft:o4-mini batch 2 0.5 - 8
ft:gpt-4o default 3.75 1.875 - 15
ft:gpt-4o batch 2.225 0.9 - 12.5
ft:gpt-4o-mini default 0.3 0.15 - 1.2
ft:gpt-4o-mini batch 0.15 0.075 - 0.6
text-embedding-3-small batch 0.01 - - -
text-embedding-3-large batch 0.065 - - -
text-embedding-ada-002 batch 0.05 - - -

[anthropic]
claude-mythos-5 default 10 1 12.5 50 cache_write_1h=20
claude-mythos-5 batch 5 0.5 6.25 25 cache_write_1h=10
claude-mythos-5-1 default 10 0.25 12.5 50 cache_write_1h=20
claude-mythos-5-1 batch 5 0.125 6.25 25 cache_write_1h=10
claude-mythos-preview default 10 1 12.5 50 cache_write_1h=20

[azure]
gpt-4-turbo default 11 - - 33
gpt-4-turbo-2024-04-09 default 11 - - 33
text-embedding-3-large default 0.143 - - -
text-embedding-3-small default 0.022 - - -
text-embedding-ada-002 default 0.11 - - -
ada default 0.11 - - -
gpt-oss-120b default 0.15 - - 0.6
cohere-command-a default 2.5 - - 10
cohere-embed-v3-english default 0.1 - - -
cohere-embed-v3-multilingual default 0.1 - - -
embed-v-4-0 default 0.12 - - - input_image=0.47
codestral-2501 default 0.3 - - 0.9
deepseek-r1 default 1.35 - - 5.4
deepseek-v3 default 1.14 - - 4.56
deepseek-v3-0324 default 1.14 - - 4.56
deepseek-v3.1 default 1.23 - - 4.94
deepseek-v3.2 default 0.58 - - 1.68
deepseek-v4-pro default 1.74 0.145 - 3.48
deepseek-v4-flash default 0.19 0.028 - 0.51
deepseek-v4.1-flash default 0.3 0.006 - 1.2
grok-3 default 3 - - 15
grok-3-mini default 0.25 - - 1.27
grok-4 default 3 - - 15
grok-4-fast-reasoning default 0.2 - - 0.5
grok-4-fast-non-reasoning default 0.2 - - 0.5
grok-4-1-fast-reasoning default 0.2 - - 0.5
grok-4-1-fast-non-reasoning default 0.2 - - 0.5
grok-code-fast-1 default 0.2 - - 1.5
kimi-k2-thinking default 0.6 - - 2.5
kimi-k2.5 default 0.6 0.1 - 3
kimi-k2.6 default 0.95 0.16 - 4
llama-3.3-70b-instruct default 0.71 - - 0.71
llama-4-scout-17b-16e-instruct default 0.2 - - 0.78
llama-4-maverick-17b-128e-instruct-fp8 default 0.25 - - 1
mai-ds-r1 default 1.35 - - 5.4
ministral-3b default 0.04 - - 0.04
mistral-large-2407 default 2 - - 6
mistral-large-3 default 0.5 - - 1.5
mistral-medium-2505 default 0.4 - - 2
mistral-nemo default 0.15 - - 0.15
mistral-small-2503 default 0.1 - - 0.3
command-r-plus default 3 - - 15
gpt-audio,gpt-audio-2025-08-28 default 2.5 - - 10 input_audio=40 output_audio=80
gpt-4o-realtime-preview-2024-10-01 default 5 2.5 - 20 input_audio=100 output_audio=200
gpt-4-turbo-vision-preview default 11 - - 33
cohere-embed-v5-fast default 0.08 - - - input_image=0.4
cohere-embed-v5-pro default 0.12 - - - input_image=0.4
cohere-command-a-plus-05-2026 default 0.8 - - 3.2
deepseek-v4-flash-0731 default 0.44 0.014 - 1.32
deepseek-v3.2-speciale default 0.58 - - 1.68
grok-4-20-reasoning,grok-4-20-non-reasoning default 1.25 1.25 - 2.5
grok-4.3 default 1.25/2.5 0.2/0.4 - 2.5/5
grok-4.6,grok-4.7 default 2/4 0.5/1 - 6/12
jamba-instruct default 0.5 - - 0.7
kimi-k2.7-code default 0.95 0.19 - 4
mai-cyber-1-flash default 0.6 0.06 - 3.5
mai-image-2.5 default 5 - - - input_image=8 output_image=47
mai-image-2.5-flash default 1.75 - - - input_image=1.75 output_image=19.5
mai-image-2.5-pro default 5 - - - input_image=8 output_image=106
mai-image-2.6 default 5 - - - input_image=8 output_image=38
mai-image-2.6-flash default 1.75 - - - input_image=2.5 output_image=19
mai-thinking-1 default 2 0.2 - 8
meta-llama-3-70b-instruct default 1.1 - - 0.37
meta-llama-3.1-70b-instruct default 2.68 - - 3.54
mistral-medium-3-5 default 1.5 - - 7.5
phi-3-mini-4k-instruct,phi-3.5-mini-instruct,phi-3.5-vision-instruct default 0.13 - - 0.52
phi-3-small-8k-instruct,phi-3-small-128k-instruct default 0.15 - - 0.6
phi-3-medium-4k-instruct default 0.17 - - 0.68
phi-3.5-moe-instruct default 0.16 - - 0.64
phi-4-mini-reasoning default 0.075 - - 0.3
phi-4-reasoning default 0.125 - - 0.5
fw-deepseek-v3.2 default 0.62 0.31 - 1.85
fw-deepseek-v4-flash default 0.15 0.03 - 0.31
fw-deepseek-v4-pro default 1.925 0.165 - 3.828
fw-deepseek-v4.1-flash default 0.375 0.008 - 1.5
fw-glm-5 default 1.1 0.22 - 3.52
fw-glm-5.1 default 1.54 0.286 - 4.84
fw-glm-5.2 default 1.54 0.15 - 4.84
fw-glm-5.3 default 1.75 0.325 - 5.5
fw-glm-5.3-flash default 0.188 0.038 - 0.625
fw-gpt-oss-120b default 0.165 0.082 - 0.66
fw-kimi-k2.5 default 0.66 0.11 - 3.3
fw-kimi-k2.6 default 1.045 0.176 - 4.4
fw-kimi-k2.7-code default 1.05 0.21 - 4.4
fw-kimi-k3 default 3 0.3 - 15
fw-minimax-m2.5 default 0.33 0.033 - 1.32
fw-minimax-m3 default 0.33 0.066 - 1.32

[google]
gemini-2.5-flash flex 0.15 0.03 - 1.25
gemini-2.5-flash priority 0.54 0.054 - 4.5 input_audio=1.8
gemini-2.5-flash-lite flex 0.05 0.01 - 0.2
gemini-2.5-flash-lite priority 0.18 0.018 - 0.72 input_audio=0.54
gemini-2.5-pro flex 0.625 0.125 - 5
gemini-2.5-pro priority 2.25/4.5 0.225/0.45 - 18/27
gemini-3-flash-preview flex 0.25 0.05 - 1.5
gemini-3-flash-preview priority 0.9 0.09 - 5.4 input_audio=1.8
gemini-3.1-flash-lite flex 0.125 0.0125 - 0.75
gemini-3.1-flash-lite priority 0.45 0.045 - 2.7 input_audio=0.9
gemini-3.1-pro-preview flex 1 0.2 - 6
gemini-3.1-pro-preview priority 3.6/7.2 0.36/0.72 - 21.6/32.4
gemini-3.5-flash batch 0.75 0.075 - 4.5
gemini-3.5-flash flex 0.75 0.08 - 4.5
gemini-3.5-flash priority 2.7 0.27 - 16.2 input_audio=2.7
gemini-3.5-flash-lite flex 0.15 0.02 - 1.25
gemini-3.5-flash-lite priority 0.54 0.05 - 4.5
gemini-3.6-flash flex 0.375 0.0375 - 1.875
gemini-3.6-flash priority 1.35 0.135 - 6.75
gemini-3.7-flash batch 0.375 0.0375 - 1.875
gemini-3.7-flash flex 0.375 0.0375 - 1.875
gemini-3.7-flash priority 1.35 0.135 - 6.75
gemini-3.8-flash flex 0.375 0.0375 - 1.875
gemini-3.8-flash priority 1.35 0.135 - 6.75
gemini-4-argon flex 1 0.05 - 5
gemini-4-argon priority 3.6 0.18 - 18
gemini-2.5-computer-use-preview-10-2025 default 1.25/2.5 - - 10/15
gemini-3.5-transcribe default 2 - - 12 input_audio=2
gemini-3.5-transcribe-live default 3.5 - - 21 input_audio=3.5
gemini-3.5-live-translate-preview default 3.5 - - 21 input_audio=3.5 output_audio=21
gemini-3.8-live-extended-thinking default 0.75 - - 4.5 input_audio=3 output_audio=12 input_image=1
gemini-live-2.5-flash-preview-native-audio-09-2025 default 0.5 - - 2 input_audio=3 output_audio=12
deep-research-preview-04-2026,deep-research-max-preview-04-2026 default 2 - - 12
deep-research-pro-preview-12-2025 default 2 - - 12
deep-research-preview-04-2026,deep-research-max-preview-04-2026 batch 1 - - 6
deep-research-pro-preview-12-2025 batch 1 - - 6
gemini-3-pro-image-preview flex 1 - - 6
gemini-3-pro-image-preview priority 3.6 - - 21.6
gemini-robotics-er-2-preview batch 0.5 0.05 - 2.5
nano-banana-pro-preview default 2 - - 12 output_image=120
text-embedding-004,text-embedding-005 default - - - - input_mchars=0.025
text-multilingual-embedding-002 default - - - - input_mchars=0.025

[mistral]
codestral-mamba-latest default 0.25 0.025 - 0.25
devstral-latest,devstral-medium-latest,mistral-code-agent-latest default 0.4 0.04 - 2
ministral-14b-latest,ministral-3-14b-2512 default 0.2 0.02 - 0.2
ministral-3b-latest,ministral-3-3b-2512 default 0.1 0.01 - 0.1
ministral-3-8b-2512 default 0.15 0.015 - 0.15
mistral-code-latest,mistral-code-fim-latest default 0.3 0.03 - 0.9
mistral-large-3 default 0.5 0.05 - 1.5

[x-ai]
grok-4.20-reasoning,grok-4.20-non-reasoning,grok-4.20-0309 default 1.25/2.5 0.2/0.4 - 2.5/5
grok-4.20-reasoning,grok-4.20-non-reasoning,grok-4.20-0309 batch 1/2 0.16/0.32 - 2/4
grok-build-latest default 2/4 0.3/0.6 - 6/12

[cohere]
embed-v5.0-pro default 0.12 - - -
embed-v5.0-fast default 0.08 - - -
embed-english-v3.0 default 0.1 - - - input_images=0.0001
embed-multilingual-v3.0,embed-english-light-v3.0 default 0.1 - - -
rerank-v4.0-pro default - - - - rerank_searches_kcount=2.5
rerank-v3.5,rerank-v4.0-fast default - - - - rerank_searches_kcount=2
rerank-english-v3.0,rerank-multilingual-v3.0 default - - - - rerank_searches_kcount=2

[deepseek]
deepseek-v4-flash-vision-exp default 0.3 0.006 - 1.2

[voyageai]
rerank-1,rerank-2,rerank-2.5,rerank-3 default 0.05 - - -
rerank-lite-1,rerank-2-lite,rerank-2.5-lite,rerank-3-lite default 0.02 - - -
voyage-multimodal-3,voyage-multimodal-3.5 default 0.12 - - -

[aws]
amazon.nova-lite-v1:0 batch 0.03 - - 0.12
amazon.nova-micro-v1:0 batch 0.0175 - - 0.07
amazon.nova-premier-v1:0 batch 1.25 - - 6.25
amazon.nova-premier-v1:0 priority 4.375 1.09375 - 21.875
amazon.nova-pro-v1:0 batch 0.4 - - 1.6
amazon.nova-pro-v1:0 flex 0.4 0.1 - 1.6
amazon.nova-pro-v1:0 priority 1.4 0.35 - 5.6
regional.anthropic.claude-haiku-4-5-20251001-v1:0 batch 0.55 - - 2.75
regional.anthropic.claude-sonnet-4-5-20250929-v1:0 batch 1.65 - - 8.25
global.amazon.nova-2-lite-v1:0 batch 0.15 - - 1.25
global.amazon.nova-2-lite-v1:0 priority 0.525 0.13125 - 4.375
global.anthropic.claude-haiku-4-5-20251001-v1:0 batch 0.5 - - 2.5
global.anthropic.claude-sonnet-4-5-20250929-v1:0 batch 1.5 - - 7.5
global.moonshotai.kimi-k3 flex 1.5 0.15 1.875 7.5
global.moonshotai.kimi-k3 priority 5.25 0.525 6.5625 26.25
global.zai.glm-5.3 batch,flex 0.84 0.156 1.05 2.64
global.zai.glm-5.3 priority 2.94 0.546 3.675 9.24
google.gemma-3-12b-it batch,flex 0.05 - - 0.15
google.gemma-3-12b-it priority 0.16 - - 0.51
google.gemma-3-27b-it batch,flex 0.12 - - 0.19
google.gemma-3-27b-it priority 0.4 - - 0.67
google.gemma-3-4b-it batch,flex 0.02 - - 0.04
google.gemma-3-4b-it priority 0.07 - - 0.14
regional.moonshotai.kimi-k3 flex 1.65 0.165 2.0625 8.25
regional.moonshotai.kimi-k3 priority 5.775 0.5775 7.21875 28.875
meta.llama3-1-70b-instruct-v1:0 batch 0.36 - - 0.36
meta.llama3-1-8b-instruct-v1:0 batch 0.11 - - 0.11
meta.llama3-3-70b-instruct-v1:0 batch 0.36 - - 0.36
meta.llama4-maverick-17b-instruct-v1:0 batch 0.12 - - 0.485
meta.llama4-scout-17b-instruct-v1:0 batch 0.085 - - 0.33
mistral.devstral-2-123b batch,flex 0.2 - - 1
mistral.devstral-2-123b priority 0.7 - - 3.5
mistral.magistral-small-2509 batch,flex 0.25 - - 0.75
mistral.magistral-small-2509 priority 0.88 - - 2.63
mistral.ministral-3-14b-instruct batch,flex 0.1 - - 0.1
mistral.ministral-3-14b-instruct priority 0.35 - - 0.35
mistral.ministral-3-3b-instruct batch,flex 0.05 - - 0.05
mistral.ministral-3-3b-instruct priority 0.17 - - 0.17
mistral.ministral-3-8b-instruct batch,flex 0.07 - - 0.07
mistral.ministral-3-8b-instruct priority 0.26 - - 0.26
mistral.mistral-large-3-675b-instruct batch,flex 0.25 - - 0.75
mistral.mistral-large-3-675b-instruct priority 0.88 - - 2.63
mistral.mistral-small-2402-v1:0 batch 0.5 - - 1.5
mistral.voxtral-mini-3b-2507 batch,flex 0.02 - - 0.02
mistral.voxtral-mini-3b-2507 priority 0.07 - - 0.07
mistral.voxtral-small-24b-2507 batch,flex 0.05 - - 0.15
mistral.voxtral-small-24b-2507 priority 0.17 - - 0.52
nvidia.nemotron-nano-3-30b:0 batch,flex 0.03 - - 0.12
nvidia.nemotron-nano-3-30b:0 priority 0.11 - - 0.42
nvidia.nemotron-nano-9b-v2:0 batch,flex 0.03 - - 0.12
nvidia.nemotron-nano-9b-v2:0 priority 0.11 - - 0.4
nvidia.nemotron-super-3-120b:0 batch,flex 0.075 - - 0.325
nvidia.nemotron-super-3-120b:0 priority 0.2625 - - 1.1375
openai.gpt-oss-120b-1:0 batch,flex 0.075 - - 0.3
openai.gpt-oss-120b-1:0 priority 0.2625 - - 1.05
openai.gpt-oss-20b-1:0 batch,flex 0.035 - - 0.15
openai.gpt-oss-20b-1:0 priority 0.1225 - - 0.525
qwen.qwen3-32b-v1:0 batch,flex 0.075 - - 0.3
qwen.qwen3-32b-v1:0 priority 0.2625 - - 1.05
qwen.qwen3-coder-30b-a3b-v1:0 batch 0.075 - - 0.3
qwen.qwen3-coder-30b-a3b-v1:0 priority 0.2625 - - 1.05
qwen.qwen3-vl-235b-a22b-v1:0 batch 0.26 - - 1.33
qwen.qwen3-vl-235b-a22b-v1:0 priority 0.93 - - 4.66
regional.amazon.nova-2-lite-v1:0 batch 0.165 - - 1.375
regional.amazon.nova-2-lite-v1:0 flex 0.165 0.04125 - 1.375
regional.amazon.nova-2-lite-v1:0 priority 0.5775 0.144375 - 4.8125
regional.zai.glm-5.3 batch,flex 0.924 0.1716 1.155 2.904
regional.zai.glm-5.3 priority 3.234 0.6006 4.0425 10.164
"""

#: Rates by the end of their names that are for something else than a million tokens.
_UNITS = ("chars", "images", "count")
_COLUMNS = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "output_mtok")

Row = dict[str, str]


@cache
def listed() -> dict[tuple[str, str], dict[str, Row]]:
    """(provider, model) -> tier -> rate -> price, and after a blank the one of long calls."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    provider = ""
    for line in _ROWS.split("\n"):
        if line.startswith("["):
            provider = line.strip("[]")
        elif line:
            names, tiers, *prices = line.split()
            row = {
                key: price.replace("/", " ")
                for key, price in zip(_COLUMNS, prices[:4], strict=True)
                if price != "-"
            }
            for pair in prices[4:]:
                name, price = pair.split("=")
                row[name if name.endswith(_UNITS) else f"{name}_mtok"] = price
            for name in names.split(","):
                for tier in tiers.split(","):
                    found.setdefault((provider, name), {})[tier] = row
    return found
