"""More examples, over providers, tiers, tools and modalities, each with its arithmetic."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from resp_core import cost_of
from tests.cost.arithmetic import chat, dollars, gemini, items, messages, modal, responses

SEARCH = [{"type": "web_search_call", "action": {"type": "search"}, "status": "completed"}]
OPENED = [{"type": "web_search_call", "action": {"type": "open_page"}, "status": "completed"}]
TWO_CACHES = {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 3000}
GROUNDED = [{"groundingMetadata": {"webSearchQueries": ["a", "b"]}}]

#: Prices change: these are those of a day.
AT = date(2026, 11, 20)

# id, body, provider, model, further arguments, tokens ($/1M), fees ($)
Case = tuple[str, dict[str, Any], str, str, dict[str, Any], str, str]
CASES: list[Case] = [
    # OpenAI: models and classes
    ("chat cached", chat(2000, 100, {"cached_tokens": 500}), "openai", "gpt-4o", {},
     "1500*2.5 + 500*1.25 + 100*10", ""),
    ("no cache price", responses(1000, 10, cached=400), "openai", "o3-pro", {},
     "600*20 + 400*20 + 10*80", ""),
    ("dated name", responses(1000, 100), "openai", "gpt-5.4-2026-03-05", {},
     "1000*2.5 + 100*15", ""),
    ("compact date", responses(1000, 100), "openai", "gpt-5.2-20251211", {},
     "1000*1.75 + 100*14", ""),
    ("answered model wins", {**responses(1000, 100), "model": "gpt-5-mini-2025-08-07"}, "openai",
     "gpt-5", {}, "1000*0.25 + 100*2", ""),
    ("asked model helps", {**responses(1000, 100), "model": "nobody-knows-it"}, "openai", "gpt-5",
     {}, "1000*1.25 + 100*10", ""),
    ("reasoning is output", responses(100, 5000, reasoning=4900), "openai", "gpt-5-nano", {},
     "100*0.05 + 5000*0.4", ""),
    ("older models write free", responses(5000, 10, written=4000), "openai", "gpt-5", {},
     "5000*1.25 + 10*10", ""),
    ("long context", responses(272001, 1000, cached=200000, written=1), "openai", "gpt-5.6-sol",
     {}, "72000*8 + 200000*0.8 + 1*10 + 1000*30", ""),
    ("before the price fell", responses(1000, 100), "openai", "gpt-5.6-sol",
     {"at": date(2026, 8, 20)}, "1000*5 + 100*30", ""),
    ("on the day it fell", responses(1000, 100), "openai", "gpt-5.6-sol",
     {"at": date(2026, 8, 21)}, "1000*4 + 100*20", ""),
    ("luna", responses(1000, 100), "openai", "gpt-6-luna", {}, "1000*0.1 + 100*0.5", ""),
    ("codex mini", responses(1000, 100, cached=200), "openai", "codex-mini-latest", {},
     "800*1.5 + 200*0.375 + 100*6", ""),
    ("computer use", responses(1000, 100, output=items("computer_call")), "openai",
     "computer-use-preview", {}, "1000*3 + 100*12", ""),
    ("vision preview", chat(1000, 100), "openai", "gpt-4-1106-vision-preview", {},
     "1000*10 + 100*30", ""),
    ("legacy completion", chat(100, 20), "openai", "gpt-3.5-turbo-instruct", {},
     "100*1.5 + 20*2", ""),
    ("moderation is free", {"model": "omni-moderation-latest", "usage": {"prompt_tokens": 5,
     "completion_tokens": 0}}, "openai", "omni-moderation-latest", {}, "", ""),
    ("embedding", {"object": "list", "usage": {"prompt_tokens": 900, "total_tokens": 900}},
     "openai", "text-embedding-3-small", {}, "900*0.02", ""),
    ("embedding batch", {"object": "list", "usage": {"prompt_tokens": 900, "total_tokens": 900}},
     "openai", "text-embedding-3-large", {"processing": "batch"}, "900*0.065", ""),
    # OpenAI: tiers
    ("flex cached", responses(10000, 100, cached=4000), "openai", "gpt-5.4",
     {"service_tier": "flex"}, "6000*1.25 + 4000*0.13 + 100*7.5", ""),
    ("o4-mini flex", responses(1000, 100, cached=500), "openai", "o4-mini",
     {"service_tier": "flex"}, "500*0.55 + 500*0.138 + 100*2.2", ""),
    ("priority", responses(1000, 100, service_tier="priority"), "openai", "gpt-5.5", {},
     "1000*12.5 + 100*75", ""),
    ("priority mini", responses(1000, 100, service_tier="priority"), "openai", "gpt-5-mini", {},
     "1000*0.45 + 100*3.6", ""),
    ("asked flex, got default", responses(1000, 100, service_tier="default"), "openai", "gpt-5",
     {"service_tier": "flex"}, "1000*1.25 + 100*10", ""),
    ("auto", responses(1000, 100, service_tier="auto"), "openai", "gpt-5", {},
     "1000*1.25 + 100*10", ""),
    ("ultrafast", responses(1000, 100, cached=500, service_tier="ultrafast"), "openai",
     "gpt-6-astra", {}, "500*60 + 500*6 + 100*300", ""),
    ("ultrafast long", responses(300000, 100, service_tier="ultrafast"), "openai", "gpt-6.1-sol",
     {}, "300000*24 + 100*90", ""),
    ("batch keeps the cached rate", responses(1000, 100, cached=400), "openai", "gpt-4o",
     {"processing": "batch"}, "600*1.25 + 400*1.25 + 100*5", ""),
    ("batch o3 cached", responses(1000, 100, cached=400), "openai", "o3",
     {"processing": "batch"}, "600*1 + 400*0.5 + 100*4", ""),
    # OpenAI: regions
    ("eu host", responses(1000, 100), "openai", "gpt-5.4", {"region": "eu"},
     "1000*2.75 + 100*16.5", ""),
    ("us host", responses(1000, 100, cached=500), "openai", "gpt-6-luna",
     {"region": "us.api.openai.com"}, "500*0.11 + 500*0.011 + 100*0.55", ""),
    ("eu host, older model", responses(1000, 100), "openai", "gpt-5", {"region": "eu"},
     "1000*1.25 + 100*10", ""),
    # OpenAI: hosted tools
    ("pages opened are free", responses(5000, 50, output=SEARCH * 2 + OPENED * 3), "openai",
     "gpt-5", {}, "5000*1.25 + 50*10", "2*0.01"),
    ("the server's count wins", responses(5000, 50, output=SEARCH * 2,
     tool_usage={"web_search": {"num_requests": 1}}), "openai", "gpt-5", {},
     "5000*1.25 + 50*10", "1*0.01"),
    ("preview search", responses(300, 50, output=SEARCH, tools=[{"type": "web_search_preview"}]),
     "openai", "gpt-4.1", {}, "300*2 + 50*8", "0.025"),
    ("preview search, reasoning", responses(300, 50, output=SEARCH,
     tools=[{"type": "web_search_preview"}]), "openai", "o4-mini", {},
     "300*1.1 + 50*4.4", "0.01"),
    ("fixed search block", responses(400, 50, output=SEARCH), "openai", "gpt-4.1-mini", {},
     "400*0.4 + 50*1.6 + 8000*0.4", "0.01"),
    ("search model", chat(100, 300), "openai", "gpt-4o-search-preview", {},
     "100*2.5 + 300*10", "0.025"),
    ("one container, three calls", responses(1000, 100, output=[
        {"type": "code_interpreter_call", "container_id": "c1"}] * 3), "openai", "gpt-5-nano", {},
     "1000*0.05 + 100*0.4", "0.03"),
    ("two containers", responses(1000, 100, output=[
        {"type": "code_interpreter_call", "container_id": name} for name in ("c1", "c2")]),
     "openai", "gpt-5-nano", {}, "1000*0.05 + 100*0.4", "2*0.03"),
    ("large container", responses(1000, 100,
        tools=[{"type": "code_interpreter", "container": {"type": "auto", "memory_limit": "4g"}}],
        output=[{"type": "code_interpreter_call", "container_id": "c1"}]), "openai", "gpt-5",
     {}, "1000*1.25 + 100*10", "0.12"),
    ("image tool", responses(2000, 100, tools=[{"type": "image_generation",
        "model": "gpt-image-1"}], tool_usage={"image_gen": {"input_tokens": 300,
        "input_tokens_details": {"text_tokens": 100, "image_tokens": 200},
        "output_tokens": 4000, "total_tokens": 4300}}), "openai", "gpt-5", {},
     "2000*1.25 + 100*10 + 100*5 + 200*10 + 4000*40", ""),
    ("image tool, model given", responses(10, 10, tool_usage={"image_gen": {"input_tokens": 50,
        "output_tokens": 1000}}), "openai", "gpt-4.1", {"image_model": "openai/gpt-image-2"},
     "10*2 + 10*8 + 50*5 + 1000*30", ""),
    ("everything at once", responses(6000, 400, output=[*SEARCH, *items("file_search_call"),
        {"type": "code_interpreter_call", "container_id": "c"}, *items("mcp_call")]), "openai",
     "gpt-5", {}, "6000*1.25 + 400*10", "0.01 + 0.0025 + 0.03"),
    # OpenAI: audio and images
    ("audio chat", chat(1000, 500, {"audio_tokens": 800}, {"audio_tokens": 400}), "openai",
     "gpt-audio", {}, "200*2.5 + 800*32 + 100*10 + 400*64", ""),
    ("realtime", {"type": "response.done", "response": {"usage": {"input_tokens": 1000,
        "input_token_details": {"text_tokens": 300, "audio_tokens": 700, "cached_tokens": 400,
        "cached_tokens_details": {"text_tokens": 100, "audio_tokens": 300}},
        "output_tokens": 200, "output_token_details": {"text_tokens": 50, "audio_tokens": 150}}}},
     "openai", "gpt-realtime", {}, "200*4 + 100*0.4 + 400*32 + 300*0.4 + 50*16 + 150*64", ""),
    ("transcription tokens", {"text": "hi", "usage": {"type": "tokens", "input_tokens": 120,
        "input_token_details": {"text_tokens": 20, "audio_tokens": 100}, "output_tokens": 30,
        "total_tokens": 150}}, "openai", "gpt-4o-transcribe", {}, "20*2.5 + 100*6 + 30*10", ""),
    ("transcription seconds", {"text": "hi", "usage": {"type": "duration", "seconds": 90}},
     "openai", "whisper-1", {}, "", "90*0.0001"),
    ("verbose transcription", {"text": "hi", "segments": [], "duration": 12.5}, "openai",
     "whisper-1", {}, "", "12.5*0.0001"),
    ("speech", {}, "openai", "tts-1-hd", {"request": {"input": "x" * 250, "voice": "alloy"}},
     "250*30", ""),
    ("image tokens", {"data": [{"b64_json": "x"}], "usage": {"input_tokens": 60,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 50}, "output_tokens": 1056}},
     "openai", "gpt-image-1", {"api": "images"}, "10*5 + 50*10 + 1056*40", ""),
    ("dall-e-3 hd", {"data": [{"url": "x"}]}, "openai", "dall-e-3",
     {"request": {"prompt": "a", "size": "1792x1024", "quality": "hd"}}, "", "0.12"),
    ("dall-e-3 defaults", {"data": [{"url": "x"}]}, "openai", "dall-e-3", {}, "", "0.04"),
    ("dall-e-2, three", {"data": [{"url": "x"}] * 3}, "openai", "dall-e-2",
     {"request": {"prompt": "a", "size": "512x512", "n": 3}}, "", "3*0.018"),
    ("gpt-image-1 by size", {"data": [{"b64_json": "x"}] * 2, "size": "1024x1536",
        "quality": "medium"}, "openai", "gpt-image-1", {}, "", "2*0.063"),
    # Azure
    ("azure batch", responses(10000, 13500), "azure", "gpt-4.1",
     {"deployment_type": "GlobalBatch"}, "10000*1 + 13500*4", ""),
    ("azure flex", responses(1000, 500), "azure", "gpt-5", {"service_tier": "flex"},
     "1000*0.625 + 500*5", ""),
    ("azure downgraded", responses(1000, 500, service_tier="default"), "azure", "gpt-5",
     {"service_tier": "priority"}, "1000*1.25 + 500*10", ""),
    ("azure us zone", responses(1000, 100, cached=500), "azure", "prod",
     {"base_model": "azure/us/gpt-5.4"}, "500*2.75 + 500*0.275 + 100*16.5", ""),
    ("azure eu zone, gpt-6", responses(1000, 100), "azure", "prod",
     {"base_model": "gpt-6-astra", "data_zone": "EU"}, "1000*12 + 100*60", ""),
    ("azure apac", responses(1000, 100), "azure", "prod",
     {"base_model": "azure/gpt-6.1-sol", "data_zone": "apac"}, "1000*2.4 + 100*12", ""),
    ("azure region in a data zone", responses(1000, 100), "azure", "prod", {
        "base_model": "openai/gpt-4.1", "deployment_type": "DataZoneStandard",
        "region": "swedencentral"}, "1000*2.2 + 100*8.8", ""),
    ("azure zone embedding", {"object": "list", "usage": {"prompt_tokens": 1000}}, "azure",
     "text-embedding-3-small", {"data_zone": "us"}, "1000*0.022", ""),
    ("azure zone batch", responses(1000, 100), "azure", "gpt-4.1",
     {"deployment_type": "DataZoneBatch", "data_zone": "us"}, "1000*1.1 + 100*4.4", ""),
    ("azure container", responses(1000, 100, output=items("code_interpreter_call")), "azure",
     "gpt-5-mini", {}, "1000*0.25 + 100*2", "0.033"),
    ("azure file search", responses(1000, 100, output=items("file_search_call")), "azure",
     "gpt-5-mini", {}, "1000*0.25 + 100*2", ""),
    ("azure answers the base model", {**chat(1000, 100), "model": "gpt-4o-2024-11-20"}, "azure",
     "my-deployment", {}, "1000*2.5 + 100*10", ""),
    # Anthropic
    ("claude caches", messages(100, 200, cache_read_input_tokens=5000,
        cache_creation_input_tokens=4000, cache_creation=TWO_CACHES), "anthropic",
     "claude-opus-5-5", {}, "100*4 + 5000*0.2 + 1000*5 + 3000*8 + 200*20", ""),
    ("claude usage alone", {"usage": {"input_tokens": 10, "cache_read_input_tokens": 90,
        "output_tokens": 5}}, "anthropic", "claude-sonnet-5-5", {}, "10*2 + 90*0.1 + 5*10", ""),
    ("haiku at its cliff", messages(100000, 10), "anthropic", "claude-haiku-5-5", {},
     "100000*0.1 + 10*0.5", ""),
    ("haiku beyond it", messages(40000, 10, cache_read_input_tokens=60001), "anthropic",
     "claude-haiku-5-5", {}, "40000*0.5 + 60001*0.05 + 10*2.5", ""),
    ("claude fast", messages(1000, 100, speed="fast"), "anthropic", "claude-opus-5-5", {},
     "1000*8 + 100*40", ""),
    ("claude batch", messages(1000, 100, service_tier="batch"), "anthropic", "claude-opus-5-5",
     {}, "1000*2 + 100*10", ""),
    ("claude in the us", messages(1000, 100, inference_geo="us"), "anthropic", "claude-opus-5-5",
     {}, "1000*4.4 + 100*22", ""),
    ("claude searches", messages(1000, 100, server_tool_use={"web_search_requests": 2,
        "web_fetch_requests": 5}), "anthropic", "claude-sonnet-5", {},
     "1000*2 + 100*10", "2*0.01"),
    ("claude compaction", messages(682, 1320, iterations=[
        {"type": "compaction", "input_tokens": 60385, "output_tokens": 592},
        {"type": "message", "input_tokens": 682, "output_tokens": 1320}]), "anthropic",
     "claude-opus-4-6", {}, "682*5 + 1320*25 + 60385*5 + 592*25", ""),
    ("claude advisor", messages(2417, 133, iterations=[
        {"type": "message", "input_tokens": 2417, "output_tokens": 133},
        {"type": "advisor_message", "model": "claude-opus-4-8", "input_tokens": 2529,
         "output_tokens": 38}]), "anthropic", "claude-sonnet-5", {},
     "2417*2 + 133*10 + 2529*5 + 38*25", ""),
    # Gemini and Vertex
    ("gemini", gemini(promptTokenCount=1000, cachedContentTokenCount=400,
        candidatesTokenCount=50, thoughtsTokenCount=150, totalTokenCount=1200), "gemini",
     "gemini-3.5-flash", {}, "600*1.5 + 400*0.15 + 200*9", ""),
    ("gemini tool prompt", gemini(promptTokenCount=100, toolUsePromptTokenCount=300,
        candidatesTokenCount=10), "gemini", "gemini-3.5-flash", {}, "400*1.5 + 10*9", ""),
    ("gemini long", gemini(promptTokenCount=200001, candidatesTokenCount=100), "gemini",
     "models/gemini-2.5-pro", {}, "200001*2.5 + 100*15", ""),
    ("gemini audio", gemini(promptTokenCount=1000, candidatesTokenCount=10,
        promptTokensDetails=modal(text=200, audio=800)), "gemini", "gemini-2.5-flash", {},
     "200*0.3 + 800*1 + 10*2.5", ""),
    ("gemini image out", gemini(promptTokenCount=100, candidatesTokenCount=1290,
        candidatesTokensDetails=modal(image=1290)), "gemini", "gemini-2.5-flash-image", {},
     "100*0.3 + 1290*30", ""),
    ("gemini flex", gemini(promptTokenCount=1000, candidatesTokenCount=100, serviceTier="flex"),
     "gemini", "gemini-3.8-flash", {}, "1000*0.375 + 100*1.875", ""),
    ("gemini priority", gemini(promptTokenCount=1000, candidatesTokenCount=100,
        trafficType="ON_DEMAND_PRIORITY"), "vertex_ai", "gemini-3.5-flash", {},
     "1000*2.7 + 100*16.2", ""),
    ("gemini batch", gemini(promptTokenCount=1000, candidatesTokenCount=100), "gemini",
     "gemini-2.5-pro", {"processing": "batch"}, "1000*0.625 + 100*5", ""),
    ("vertex region", gemini(promptTokenCount=1000, candidatesTokenCount=100), "vertex_ai",
     "gemini-3.5-flash", {"region": "europe-west4"}, "1000*1.65 + 100*9.9", ""),
    ("vertex global", gemini(promptTokenCount=1000, candidatesTokenCount=100), "vertex_ai",
     "gemini-3.5-flash", {"region": "global"}, "1000*1.5 + 100*9", ""),
    ("vertex claude", messages(1000, 100), "vertex_ai", "claude-opus-4-8@default",
     {"region": "us-east5"}, "1000*5.5 + 100*27.5", ""),
    ("gemini embedding", {"usageMetadata": {"promptTokenCount": 100, "promptTokenDetails":
        modal(text=100)}}, "gemini", "gemini-embedding-001", {}, "100*0.15", ""),
    # Bedrock
    ("converse", {"usage": {"inputTokens": 10, "cacheReadInputTokens": 1000,
        "cacheWriteInputTokens": 500, "cacheDetails": [{"ttl": "1h", "inputTokens": 200}],
        "outputTokens": 20, "totalTokens": 1530}}, "bedrock",
     "global.anthropic.claude-sonnet-4-5-20250929-v1:0", {},
     "10*3 + 1000*0.3 + 300*3.75 + 200*6 + 20*15", ""),
    ("bedrock regional id", {"usage": {"inputTokens": 1000, "outputTokens": 100}}, "bedrock",
     "us.anthropic.claude-sonnet-4-5-20250929-v1:0", {}, "1000*3.3 + 100*16.5", ""),
    # Others
    ("groq", chat(1000, 100), "groq", "openai/gpt-oss-120b", {}, "1000*0.15 + 100*0.6", ""),
    ("groq batch", chat(1000, 100, {"cached_tokens": 400}), "groq", "openai/gpt-oss-120b",
     {"processing": "batch"}, "600*0.075 + 400*0.075 + 100*0.3", ""),
    ("groq flex costs the same", {**chat(1000, 100), "service_tier": "flex"}, "groq",
     "llama-3.3-70b-versatile", {}, "1000*0.59 + 100*0.79", ""),
    ("groq's shortest audio", {"text": "a", "duration": 3}, "groq", "whisper-large-v3", {}, "",
     "10*0.111*0.000277777777777777777777777777777777777777777777777777777778"),
    ("mistral", chat(1000, 100), "mistral", "mistral-large-2411", {}, "1000*2 + 100*6", ""),
    ("deepseek off-peak", {"usage": {"prompt_tokens": 1000, "completion_tokens": 100,
        "prompt_cache_hit_tokens": 600, "prompt_cache_miss_tokens": 400}}, "deepseek",
     "deepseek-v4-flash", {"at": datetime(2026, 11, 20, 20, 0, tzinfo=UTC)},
     "400*0.15 + 600*0.003 + 100*0.6", ""),
    ("deepseek peak", {"usage": {"prompt_tokens": 1000, "completion_tokens": 100}}, "deepseek",
     "deepseek-v4-flash", {"at": datetime(2026, 11, 20, 2, 0, tzinfo=UTC)},
     "1000*0.3 + 100*1.2", ""),
    ("xai reasoning outside", {"usage": {"prompt_tokens": 100, "completion_tokens": 50,
        "total_tokens": 450, "completion_tokens_details": {"reasoning_tokens": 300}}}, "xai",
     "grok-4.5", {}, "100*2 + 350*6", ""),
    ("xai tools", responses(1000, 100, output=[], ) | {"usage": {"input_tokens": 1000,
        "output_tokens": 100, "server_side_tool_usage_details": {"web_search_calls": 2,
        "x_search_calls": 1, "document_search_calls": 1, "file_search_calls": 2}}}, "xai",
     "grok-4.3", {}, "1000*1.25 + 100*2.5", "3*0.005 + 0.01 + 2*0.0025"),
    ("xai says it", {"usage": {"input_tokens": 1, "output_tokens": 1,
        "cost_in_usd_ticks": 161508500}}, "xai", "grok-4.3", {}, "", "0.01615085"),
    ("openrouter says it", {"usage": {"prompt_tokens": 10, "completion_tokens": 5,
        "cost": 0.00012345}}, "openrouter", "openai/gpt-5", {}, "", "0.00012345"),
    ("openrouter, own key", {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.001,
        "is_byok": True, "cost_details": {"upstream_inference_cost": 0.02}}}, "openrouter",
     "openai/gpt-5", {}, "", "0.001 + 0.02"),
    ("perplexity says it", {"usage": {"prompt_tokens": 7, "completion_tokens": 1, "cost": {
        "request_cost": 0.005, "total_cost": 0.00501}}}, "perplexity", "sonar", {}, "", "0.00501"),
    ("perplexity per request", {"usage": {"prompt_tokens": 1000, "completion_tokens": 100,
        "search_context_size": "low"}}, "perplexity", "sonar", {}, "1000*1 + 100*1", "0.005"),
    ("perplexity research", {"usage": {"prompt_tokens": 30, "completion_tokens": 1000,
        "completion_tokens_details": {"reasoning_tokens": 400}, "citation_tokens": 200,
        "num_search_queries": 3}}, "perplexity", "sonar-deep-research", {},
     "30*2 + 600*8 + 400*3 + 200*2", "3*0.005"),
    ("cohere bills units", {"usage": {"billed_units": {"input_tokens": 5, "output_tokens": 9},
        "tokens": {"input_tokens": 700, "output_tokens": 11}}}, "cohere", "command-a-03-2025", {},
     "5*2.5 + 9*10", ""),
    ("voyage", {"object": "list", "usage": {"total_tokens": 500}}, "voyage", "voyage-3.5", {},
     "500*0.06", ""),
    ("mistral ocr", {"usage_info": {"pages_processed": 3, "doc_size_bytes": 9}}, "mistral",
     "mistral-ocr-4-0", {}, "", "3*0.004"),
    ("offline bills nothing", responses(1000, 100), "offline", "demo", {}, "", ""),
    ("offline at a real price", responses(1000, 100), "offline", "demo",
     {"base_model": "openai/gpt-5"}, "1000*1.25 + 100*10", ""),
    ("own server at a real price", chat(1000, 100), "ollama", "llama3",
     {"base_model": "groq/llama-3.1-8b-instant"}, "1000*0.05 + 100*0.08", ""),
    ("reported zeros stay zero", responses(0, 0), "openai", "gpt-5", {}, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "provider", "model", "more", "tokens", "fees"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_example(
    body: dict[str, Any], provider: str, model: str, more: dict[str, Any], tokens: str, fees: str
) -> None:
    cost = cost_of(body, provider=provider, model=model, **{"at": AT, **more})
    assert cost.unknown == ()
    assert cost.total is not None
    assert round(cost.total, 20) == round(dollars(tokens, fees), 20)


# id, body, provider, model, further arguments, what is unknown
UNKNOWN: list[tuple[str, dict[str, Any], str, str | None, dict[str, Any], str]] = [
    ("no usage", {"object": "response"}, "openai", "gpt-5", {}, "usage"),
    ("null usage", {"usage": None}, "openai", "gpt-5", {}, "usage"),
    ("empty usage", {"usage": {}}, "openai", "gpt-5", {}, "usage"),
    ("usage is text", {"usage": "many"}, "openai", "gpt-5", {}, "usage"),
    ("negative", responses(-5, 10), "openai", "gpt-5", {}, "usage"),
    ("not a number", {"usage": {"prompt_tokens": float("nan"), "completion_tokens": 1}},
     "openai", "gpt-5", {}, "usage"),
    ("text", {"usage": {"prompt_tokens": "12", "completion_tokens": 1}}, "openai", "gpt-5", {},
     "usage"),
    ("true", {"usage": {"prompt_tokens": True, "completion_tokens": 1}}, "openai", "gpt-5", {},
     "usage"),
    ("400 digits", responses(10**400, 10), "openai", "gpt-5", {}, "usage"),
    ("more cached than all", responses(10, 10, cached=11), "openai", "gpt-5", {}, "usage"),
    ("output missing", {"usage": {"prompt_tokens": 5}}, "openai", "gpt-5", {}, "usage"),
    ("half a claude", {"type": "message", "usage": {"output_tokens": 5}}, "anthropic",
     "claude-opus-5", {}, "usage"),
    ("no model", responses(1, 1), "openai", None, {}, "model"),
    ("unknown model", responses(1, 1), "openai", "gpt-9-future", {}, "model"),
    ("a cousin is no price", gemini(promptTokenCount=1, candidatesTokenCount=1), "gemini",
     "gemini-3.8-flash-nano", {}, "model"),
    ("unknown fine-tune", responses(1, 1), "openai", "ft:gpt-5:me::x", {}, "model"),
    ("unknown base model", {**responses(1, 1), "model": "gpt-5"}, "azure", "gpt-5",
     {"base_model": "gpt-none"}, "model"),
    ("own server", chat(1, 1), "ollama", "llama3", {}, "model"),
    ("deployment name", chat(1, 1), "azure", "prod-chat", {}, "model"),
    ("unknown tier", responses(1, 1, service_tier="warp"), "openai", "gpt-5", {}, "tier"),
    ("no ultrafast", responses(1, 1, service_tier="ultrafast"), "openai", "gpt-5", {}, "tier"),
    ("scale tier", responses(1, 1, service_tier="scale"), "openai", "gpt-4o", {}, "tier"),
    ("no batch price", responses(1, 1), "openai", "o1-mini", {"processing": "batch"}, "tier"),
    ("bedrock tier", {"usage": {"inputTokens": 1, "outputTokens": 1},
     "serviceTier": {"type": "reserved"}}, "bedrock", "amazon.nova-pro-v1:0", {}, "tier"),
    ("claude's committed tier", messages(1, 1, service_tier="priority"), "anthropic",
     "claude-opus-5", {}, "tier"),
    ("priority has no long price", responses(272001, 1, service_tier="priority"), "openai",
     "gpt-5.4", {}, "tokens"),
    ("12 hours of cache", {"usage": {"input_tokens": 10, "output_tokens": 1,
     "input_tokens_details": {"cache_write_tokens": 5, "cache_write_tokens_details":
     {"ttl_12h_tokens": 5}}}}, "openai", "gpt-6-astra", {}, "cache_write_12h"),
    ("audio without a price", chat(10, 10, {"audio_tokens": 5}), "openai", "gpt-5", {},
     "input_audio"),
    ("azure search", responses(1, 1, output=SEARCH), "azure", "gpt-5", {}, "web_search"),
    ("regional azure", responses(1, 1), "azure", "gpt-5", {"deployment_type": "Standard"},
     "region"),
    ("provisioned", responses(1, 1), "azure", "gpt-5",
     {"deployment_type": "ProvisionedManaged"}, "region"),
    ("unlisted zone", responses(1, 1), "azure", "gpt-5", {"data_zone": "apac"}, "region"),
    ("no such zone", responses(1, 1), "azure", "gpt-5", {"data_zone": "mars"}, "region"),
    ("claude runs code", messages(1, 1, server_tool_use={"code_execution_requests": 1}),
     "anthropic", "claude-opus-5", {}, "code_execution"),
    ("image model not said", responses(1, 1, output=items("image_generation_call")), "openai",
     "gpt-5", {}, "image_generation"),
    ("image size not said", {"data": [{"b64_json": "x"}]}, "openai", "gpt-image-1", {}, "images"),
    ("gpt-image-1-mini high", {"data": [{"b64_json": "x"}], "size": "1024x1024",
     "quality": "high"}, "openai", "gpt-image-1-mini", {}, "images"),
    ("deepseek search", responses(1, 1, output=SEARCH), "deepseek", "deepseek-v4-flash", {},
     "web_search"),
    ("earlier than the tier's history", responses(1, 1, service_tier="flex"), "openai",
     "gpt-5.6-sol", {"at": date(2026, 8, 1)}, "tier"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "provider", "model", "more", "what"),
    [pytest.param(*case[1:], id=case[0]) for case in UNKNOWN],
)
def test_unknown_with_its_reason(
    body: dict[str, Any], provider: str, model: str | None, more: dict[str, Any], what: str
) -> None:
    cost = cost_of(body, provider=provider, model=model, **{"at": AT, **more})
    assert cost.total is None
    assert what in {gap.what for gap in cost.unknown}
    assert all(gap.why for gap in cost.unknown)


def test_a_free_quota_makes_an_estimate() -> None:
    body = gemini(promptTokenCount=100, candidatesTokenCount=10, candidates=GROUNDED)
    new = cost_of(body, provider="gemini", model="gemini-3.5-flash", at=AT)
    assert new.estimated
    assert new.total == dollars("100*1.5 + 10*9", "2*0.014")
    old = cost_of(body, provider="gemini", model="gemini-2.5-flash", at=AT)
    assert old.total == dollars("100*0.3 + 10*2.5", "0.035")


def test_a_tier_before_its_history_is_an_estimate() -> None:
    body = responses(1000, 100, service_tier="flex")
    cost = cost_of(body, provider="openai", model="gpt-5", at=date(2026, 6, 1))
    assert cost.estimated
    assert cost.total == dollars("1000*0.625 + 100*5")


def test_the_known_parts_of_an_unknown_total_are_kept() -> None:
    body = responses(1000, 100, output=SEARCH)
    cost = cost_of(body, provider="azure", model="gpt-5")
    assert cost.total is None
    assert cost.known == dollars("1000*1.25 + 100*10")
    assert str(cost).startswith("unknown (web_search: Azure bills grounding")
    assert cost.to_json()["unknown"][0]["what"] == "web_search"


def test_what_a_cost_says_of_itself() -> None:
    cost = cost_of(
        responses(1000, 100, cached=500, service_tier="flex"), provider="openai", model="gpt-5"
    )
    assert cost.to_json() == {
        "total": "0.00084375",
        "currency": "USD",
        "parts": [
            {"class": "cached", "quantity": "500", "unit_price": "0.0000000625",
             "amount": "0.00003125"},
            {"class": "input", "quantity": "500", "unit_price": "0.000000625",
             "amount": "0.0003125"},
            {"class": "output", "quantity": "100", "unit_price": "0.000005", "amount": "0.0005"},
        ],
        "priced_as": "openai/gpt-5",
        "tier": "flex",
        "source": cost.source,
        "source_date": cost.source_date,
        "estimated": False,
        "unknown": [],
    }  # fmt: skip
    assert (cost.source or "").startswith("genai-prices ")
    assert date.fromisoformat(cost.source_date or "") >= date(2026, 10, 14)
