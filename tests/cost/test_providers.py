"""Examples by provider, in each one's wire form, with the arithmetic beside them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from resp_core import cost_of
from tests.cost.arithmetic import chat, dollars, gemini, items, messages, modal, responses

SEARCH = [{"type": "web_search_call", "action": {"type": "search"}, "status": "completed"}]
LIVE = {"promptTokenCount": 900, "responseTokenCount": 700, "totalTokenCount": 1600,
        "promptTokensDetails": modal(text=100, audio=800),
        "responseTokensDetails": modal(text=100, audio=600)}  # fmt: skip
COMPOUND = {
    "model": "groq/compound",
    "choices": [{"message": {"content": "x", "executed_tools": [{"type": "search"}] * 2}}],
    "usage": {"prompt_tokens": 900, "completion_tokens": 90, "total_tokens": 990},
    "usage_breakdown": {"models": [
        {"model": "openai/gpt-oss-120b", "usage": {"prompt_tokens": 600, "completion_tokens": 60}},
        {"model": "llama-3.3-70b-versatile",
         "usage": {"prompt_tokens": 300, "completion_tokens": 30}}]},
}  # fmt: skip

# id, body, provider, model, further arguments, tokens ($/1M), fees ($)
Case = tuple[str, dict[str, Any], str, str | None, dict[str, Any], str, str]
CASES: list[Case] = [
    # OpenAI
    ("usage and model alone", {"model": "gpt-4.1", "usage": {"input_tokens": 1000,
        "output_tokens": 10}}, "openai", None, {}, "1000*2 + 10*8", ""),
    ("chat, minimal", {"usage": {"prompt_tokens": 1000, "completion_tokens": 10}}, "openai",
     "gpt-4o-mini", {}, "1000*0.15 + 10*0.6", ""),
    ("litellm's name", chat(1000, 10), "openai", "openai/responses/gpt-5.4", {},
     "1000*2.5 + 10*15", ""),
    ("chunk with usage", {"object": "chat.completion.chunk", "choices": [], "usage":
        {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110,
         "completion_tokens_details": {"accepted_prediction_tokens": 4,
                                       "rejected_prediction_tokens": 3}}}, "openai", "gpt-4o",
     {}, "100*2.5 + 10*10", ""),
    ("event of a stream", {"type": "response.completed", "response": responses(1000, 10)},
     "openai", "gpt-5", {}, "1000*1.25 + 10*10", ""),
    ("asked fast, nothing served", responses(1000, 100), "openai", "gpt-6-astra",
     {"service_tier": "fast"}, "1000*20 + 100*100", ""),
    ("tier of the request", responses(1000, 100), "openai", "gpt-5.4",
     {"request": {"service_tier": "flex", "model": "gpt-5.4"}}, "1000*1.25 + 100*7.5", ""),
    ("served wins over asked flex", responses(1000, 100, service_tier="priority"), "openai",
     "gpt-6.1-sol", {"service_tier": "flex"}, "1000*4 + 100*20", ""),
    ("batch wins over the served tier", responses(1000, 100, service_tier="default"), "openai",
     "gpt-5.4", {"processing": "batch"}, "1000*1.25 + 100*7.5", ""),
    ("long flex", responses(272001, 100, cached=2001), "openai", "gpt-6.1-sol",
     {"service_tier": "flex"}, "270000*2 + 2001*0.1 + 100*7.5", ""),
    ("long priority", responses(300000, 100), "openai", "gpt-6-astra",
     {"service_tier": "priority"}, "300000*40 + 100*150", ""),
    ("cached tokens make it long", responses(272001, 10, cached=272001), "openai", "gpt-5.5", {},
     "272001*1 + 10*45", ""),
    ("long batch of a pro model", responses(280000, 10), "openai", "gpt-5.5-pro",
     {"processing": "batch"}, "280000*30 + 10*135", ""),
    ("written for half an hour", {"usage": {"input_tokens": 3000, "output_tokens": 5,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 2000,
        "cache_write_tokens_details": {"ttl_30m_tokens": 2000, "ttl_12h_tokens": 0}}}}, "openai",
     "gpt-5.6-luna", {}, "1000*0.2 + 2000*0.25 + 5*1.2", ""),
    ("regional host, flex", responses(1000, 100), "openai", "gpt-5.4",
     {"region": "https://eu.api.openai.com/v1", "service_tier": "flex"},
     "1000*1.375 + 100*8.25", ""),
    ("the plain host is no region", responses(1000, 100), "openai", "gpt-5.4",
     {"region": "api.openai.com"}, "1000*2.5 + 100*15", ""),
    ("fine-tuned", chat(1000, 100, {"cached_tokens": 400}), "openai",
     "ft:gpt-4.1-2025-04-14:acme::abc", {}, "600*3 + 400*0.75 + 100*12", ""),
    ("fine-tuned, batch", chat(1000, 100), "openai", "ft:gpt-4o-mini-2024-07-18:acme::abc",
     {"processing": "batch"}, "1000*0.15 + 100*0.6", ""),
    ("vision of gpt-4", chat(1000, 100), "openai", "gpt-4-vision-preview", {},
     "1000*10 + 100*30", ""),
    ("deep research", responses(10000, 1000, output=SEARCH * 5), "openai", "o3-deep-research", {},
     "10000*10 + 1000*40", "5*0.01"),
    ("tool usage without searches", responses(100, 10, output=SEARCH * 2,
        tool_usage={"web_search": {"num_requests": 0}}), "openai", "gpt-5", {},
     "100*1.25 + 10*10", ""),
    ("tool usage of another tool", responses(100, 10, output=SEARCH, tool_usage={"image_gen":
        {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}}), "openai", "gpt-5", {},
     "100*1.25 + 10*10", "0.01"),
    ("failed searches are free", responses(100, 10, output=[
        {"type": "web_search_call", "action": {"type": "search"}, "status": "failed"}]), "openai",
     "gpt-5", {}, "100*1.25 + 10*10", ""),
    ("image tool, other usage said", responses(100, 10, tools=[{"type": "image_generation",
        "model": "gpt-image-1", "size": "1024x1024", "quality": "low"}], output=items(
        "image_generation_call"), tool_usage={"web_search": {"num_requests": 0}}), "openai",
     "gpt-5", {}, "100*1.25 + 10*10", "0.011"),
    ("find in page is free", responses(100, 10, output=[
        {"type": "web_search_call", "action": {"type": "find_in_page"}}]), "openai", "gpt-5",
     {}, "100*1.25 + 10*10", ""),
    ("hosted shell", responses(100, 10, tools=[{"type": "shell"}], output=[
        {"type": "shell_call", "environment": {"type": "container", "container_id": "c1"}},
        {"type": "shell_call", "environment": {"type": "container", "container_id": "c1"}}]),
     "openai", "gpt-5.4", {}, "100*2.5 + 10*15", "0.03"),
    ("16 GB container", responses(100, 10,
        tools=[{"type": "code_interpreter", "container": {"type": "auto", "memory_limit": "16g"}}],
        output=[{"type": "code_interpreter_call", "container_id": "c1"}] * 2), "openai", "o3",
     {}, "100*2 + 10*8", "0.48"),
    ("tools of the request", responses(300, 50, output=SEARCH), "openai", "gpt-4o",
     {"request": {"tools": [{"type": "web_search_preview"}]}}, "300*2.5 + 50*10", "0.025"),
    ("MCP and functions are free", responses(100, 10, output=items("mcp_call", "mcp_list_tools",
        "function_call", "computer_call")), "openai", "gpt-5", {}, "100*1.25 + 10*10", ""),
    ("compaction", {"object": "response.compaction", "output": [], "usage": {"input_tokens": 9000,
        "output_tokens": 700, "input_tokens_details": {"cached_tokens": 0}}}, "openai",
     "gpt-5.4", {}, "9000*2.5 + 700*15", ""),
    ("search model of the Chat API", chat(100, 200), "openai", "gpt-5-search-api-2025-10-14", {},
     "100*1.25 + 200*10", "0.01"),
    ("image tool in a batch", responses(100, 10, tools=[{"type": "image_generation",
        "model": "gpt-image-2"}], tool_usage={"image_gen": {"input_tokens": 100,
        "output_tokens": 1000}}), "openai", "gpt-5.4", {"processing": "batch"},
     "100*1.25 + 10*7.5 + 100*2.5 + 1000*15", ""),
    ("image model, usage alone", {"usage": {"input_tokens": 60, "output_tokens": 1056,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 50}}}, "openai",
     "gpt-image-1.5", {"api": "images"}, "10*5 + 50*8 + 1056*32", ""),
    ("image model with text out", {"data": [], "usage": {"input_tokens": 10, "output_tokens": 1100,
        "output_tokens_details": {"text_tokens": 100, "image_tokens": 1000}}}, "openai",
     "gpt-image-1.5", {}, "10*5 + 100*10 + 1000*32", ""),
    ("image edit, cached", {"data": [], "usage": {"input_tokens": 400, "output_tokens": 100,
        "input_tokens_details": {"text_tokens": 100, "image_tokens": 300, "cached_tokens": 350,
        "cached_tokens_details": {"text_tokens": 50, "image_tokens": 300}}}}, "openai",
     "gpt-image-2", {}, "50*5 + 50*1.25 + 300*2 + 100*30", ""),
    ("images event of a stream", {"type": "image_generation.completed", "b64_json": "x", "usage":
        {"input_tokens": 10, "output_tokens": 272}}, "openai", "gpt-image-1-mini", {},
     "10*2 + 272*8", ""),
    ("image model, usage and no more", {"usage": {"input_tokens": 10, "output_tokens": 1000}},
     "openai", "gpt-image-1.5", {}, "10*5 + 1000*32", ""),
    ("transcription, usage and no more", {"usage": {"input_tokens": 300, "output_tokens": 40}},
     "openai", "gpt-4o-transcribe", {}, "300*6 + 40*10", ""),
    ("embedding, its input and no more", {"usage": {"prompt_tokens": 800}}, "openai",
     "text-embedding-3-small", {}, "800*0.02", ""),
    ("speech, its text and no more", {}, "openai", "tts-1", {"request": {"input": "x" * 10}},
     "10*15", ""),
    ("dall-e-3 tall", {"data": [{"url": "x"}]}, "openai", "dall-e-3",
     {"request": {"prompt": "a", "size": "1024x1792"}}, "", "0.08"),
    ("dall-e-3 twice hd", {"data": [{"b64_json": "x"}, {"b64_json": "y"}]}, "openai", "dall-e-3",
     {"request": {"prompt": "a", "size": "1024x1024", "quality": "hd"}}, "", "2*0.08"),
    ("gpt-image-1 high", {"created": 1, "data": [{"b64_json": "x"}]}, "openai", "gpt-image-1",
     {"request": {"prompt": "a", "size": "1536x1024", "quality": "high"}}, "", "0.25"),
    ("speech by its api", {}, "openai", "tts-1", {"api": "audio.speech", "request":
        {"input": "x" * 1000}}, "1000*15", ""),
    ("speech tokens", {"type": "speech.audio.done", "usage": {"input_tokens": 100,
        "output_tokens": 2000, "total_tokens": 2100}}, "openai", "gpt-4o-mini-tts-2025-12-15", {},
     "100*0.6 + 2000*12", ""),
    ("transcription event", {"type": "transcript.text.done", "text": "x", "usage": {"type":
        "tokens", "input_tokens": 300, "input_token_details": {"text_tokens": 0,
        "audio_tokens": 300}, "output_tokens": 40, "total_tokens": 340}}, "openai",
     "gpt-4o-mini-transcribe", {}, "300*3 + 40*5", ""),
    ("audio in chat, batch of none", chat(500, 100, {"audio_tokens": 400, "cached_tokens": 0},
        {"audio_tokens": 80, "reasoning_tokens": 0}), "openai", "gpt-audio", {},
     "100*2.5 + 400*32 + 20*10 + 80*64", ""),
    ("embeddings by their api", {"usage": {"prompt_tokens": 800, "total_tokens": 800}}, "openai",
     "text-embedding-3-large", {"api": "embeddings"}, "800*0.13", ""),
    ("embeddings, the total alone", {"usage": {"total_tokens": 800}}, "openai",
     "text-embedding-ada-002", {}, "800*0.1", ""),
    ("at a time of day", responses(1000, 10), "openai", "gpt-5.6-sol",
     {"at": datetime(2026, 8, 20, 23, 59, tzinfo=UTC)}, "1000*5 + 10*30", ""),
    # Azure
    ("zone in the model's name", responses(1000, 100, cached=500), "azure", "azure/eu/gpt-4.1",
     {}, "500*2.2 + 500*0.55 + 100*8.8", ""),
    ("zone of us, listed cached", chat(1000, 100, {"cached_tokens": 1000}), "azure", "d",
     {"base_model": "us/gpt-4o-mini-2024-07-18"}, "1000*0.083 + 100*0.66", ""),
    ("zone long", responses(300000, 100), "azure", "d", {"base_model": "azure/us/gpt-5.4",
     "deployment_type": "DataZoneStandard"}, "300000*5.5 + 100*24.75", ""),
    ("zone writes", responses(1000, 10, written=600), "azure", "d",
     {"base_model": "gpt-6-luna", "data_zone": "EU"}, "400*0.12 + 600*0.15 + 10*0.6", ""),
    ("zone flex", responses(1000, 100, service_tier="flex"), "azure", "d",
     {"base_model": "gpt-5.6-sol", "data_zone": "us"}, "1000*2.2 + 100*11", ""),
    ("zone priority", responses(1000, 100, cached=500), "azure", "d", {"base_model": "gpt-4.1",
     "data_zone": "eu", "service_tier": "priority"}, "500*3.85 + 500*0.963 + 100*15.4", ""),
    ("computer use in a zone", responses(1000, 100), "azure", "d",
     {"base_model": "computer-use-preview", "data_zone": "us"}, "1000*3.3 + 100*13.2", ""),
    ("global batch by processing", chat(1000, 100), "azure", "gpt-4.1", {"processing": "batch"},
     "1000*1 + 100*4", ""),
    ("spelled in words", chat(1000, 100), "azure", "gpt-4o", {"deployment_type":
     "Global Standard"}, "1000*2.5 + 100*10", ""),
    ("the name of the deployment", chat(1000, 100), "azure", "gpt-4o-mini", {},
     "1000*0.15 + 100*0.6", ""),
    ("azure embedding", {"object": "list", "usage": {"prompt_tokens": 1000}}, "azure",
     "embed", {"base_model": "openai/text-embedding-3-small"}, "1000*0.022", ""),
    ("azure audio costs more", chat(100, 100, {"audio_tokens": 100}, {"audio_tokens": 100}),
     "azure", "gpt-audio-2025-08-28", {}, "100*40 + 100*80", ""),
    ("azure dall-e-3", {"data": [{"url": "x"}]}, "azure", "d", {"base_model": "dall-e-3",
     "request": {"prompt": "a", "size": "1792x1024", "quality": "hd"}}, "", "0.132"),
    ("foundry: claude", messages(1000, 100, cache_read_input_tokens=500), "azure_ai",
     "claude-opus-4-6", {}, "1000*5 + 500*0.5 + 100*25", ""),
    ("foundry: grok, long", chat(200001, 10), "azure_ai", "grok-4.6", {},
     "200001*4 + 10*12", ""),
    ("foundry: phi", chat(1000, 100), "azure_ai", "Phi-4-mini-reasoning", {},
     "1000*0.075 + 100*0.3", ""),
    # Anthropic
    ("an hour of cache in a batch", messages(10, 10, cache_creation_input_tokens=1000,
        cache_creation={"ephemeral_1h_input_tokens": 1000}, service_tier="batch"), "anthropic",
     "claude-sonnet-5-5", {}, "10*1 + 1000*2 + 10*5", ""),
    ("writes without their time", messages(10, 10, cache_creation_input_tokens=1000), "anthropic",
     "claude-opus-5-5", {}, "10*4 + 1000*5 + 10*20", ""),
    ("times without their sum", messages(10, 10, cache_creation={"ephemeral_5m_input_tokens": 200,
        "ephemeral_1h_input_tokens": 100}), "anthropic", "claude-opus-5-5", {},
     "10*4 + 200*5 + 100*8 + 10*20", ""),
    ("haiku, writes make it long", messages(1, 10, cache_creation_input_tokens=100000),
     "anthropic", "claude-haiku-5-5", {}, "1*0.5 + 100000*0.625 + 10*2.5", ""),
    ("fast, cached", messages(100, 10, cache_read_input_tokens=900, speed="fast"), "anthropic",
     "claude-opus-5-5", {}, "100*8 + 900*0.4 + 10*40", ""),
    ("asked fast, served standard", messages(100, 10, speed="standard"), "anthropic",
     "claude-opus-5-5", {"request": {"speed": "fast"}}, "100*4 + 10*20", ""),
    ("asked fast, not said", messages(100, 10), "anthropic", "claude-opus-5-5",
     {"request": {"speed": "fast"}}, "100*8 + 10*40", ""),
    ("standard tier", messages(100, 10, service_tier="standard"), "anthropic",
     "claude-opus-4-8", {}, "100*5 + 10*25", ""),
    ("geo asked", messages(100, 10), "anthropic", "claude-sonnet-5-5",
     {"request": {"inference_geo": "us"}}, "100*2.2 + 10*11", ""),
    ("geo of an older model", messages(100, 10, inference_geo="us"), "anthropic",
     "claude-sonnet-4-5", {}, "100*3 + 10*15", ""),
    ("geo and batch and cache", messages(100, 10, cache_read_input_tokens=1000,
        inference_geo="us", service_tier="batch"), "anthropic", "claude-opus-5-5", {},
     "100*2.2 + 1000*0.11 + 10*11", ""),
    ("code beside a search is free", messages(100, 10, server_tool_use={"web_search_requests": 1,
        "code_execution_requests": 2}), "anthropic", "claude-opus-5-5", {},
     "100*4 + 10*20", "0.01"),
    ("thinking is output", messages(100, 900, output_tokens_details={"thinking_tokens": 800}),
     "anthropic", "claude-opus-5-5", {}, "100*4 + 900*20", ""),
    ("message_start of a stream", {"type": "message_start", "message": {"usage": {
        "input_tokens": 100, "output_tokens": 1}}}, "anthropic", "claude-opus-5-5", {},
     "100*4 + 1*20", ""),
    ("restricted model", messages(1000, 100), "anthropic", "claude-mythos-5", {},
     "1000*10 + 100*50", ""),
    ("their Chat API", chat(1000, 100), "anthropic", "claude-sonnet-5-5", {},
     "1000*2 + 100*10", ""),
    # Gemini and Vertex AI
    ("exactly 200,000", gemini(promptTokenCount=200000, candidatesTokenCount=10), "gemini",
     "gemini-2.5-pro", {}, "200000*1.25 + 10*10", ""),
    ("long with cache", gemini(promptTokenCount=250000, cachedContentTokenCount=50000,
        candidatesTokenCount=10, thoughtsTokenCount=90), "gemini", "gemini-2.5-pro", {},
     "200000*2.5 + 50000*0.25 + 100*15", ""),
    ("batch keeps the cached rate", gemini(promptTokenCount=1000, cachedContentTokenCount=400,
        candidatesTokenCount=100), "gemini", "gemini-2.5-pro", {"processing": "batch"},
     "600*0.625 + 400*0.125 + 100*5", ""),
    ("usage alone", {"usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 10,
        "totalTokenCount": 160, "thoughtsTokenCount": 50}}, "gemini", "gemini-3.5-flash", {},
     "100*1.5 + 60*9", ""),
    ("thoughts in the total of its Chat API", {"usage": {"prompt_tokens": 35,
        "completion_tokens": 12, "total_tokens": 109}}, "gemini", "gemini-2.5-pro", {},
     "35*1.25 + 74*10", ""),
    ("thoughts in the total, as a response", {"usage": {"input_tokens": 35, "output_tokens": 12,
        "total_tokens": 109}}, "vertex_ai", "google/gemini-2.5-pro", {}, "35*1.25 + 74*10", ""),
    ("video and pictures are input", gemini(promptTokenCount=1000, candidatesTokenCount=10,
        promptTokensDetails=modal(text=100, image=400, video=500)), "gemini", "gemini-2.5-flash",
     {}, "1000*0.3 + 10*2.5", ""),
    ("audio read from the cache", gemini(promptTokenCount=1000, cachedContentTokenCount=500,
        candidatesTokenCount=10, promptTokensDetails=modal(text=200, audio=800),
        cacheTokensDetails=modal(audio=500)), "gemini", "gemini-2.0-flash", {},
     "200*0.1 + 300*0.7 + 500*0.175 + 10*0.4", ""),
    ("live audio", {"usageMetadata": LIVE}, "gemini", "gemini-3.8-live", {},
     "100*0.75 + 800*3 + 100*4.5 + 600*12", ""),
    ("as the SDK writes it", {"usage_metadata": {"prompt_token_count": 100,
        "candidates_token_count": 10, "thoughts_token_count": 50, "total_token_count": 160,
        "prompt_tokens_details": [{"modality": "TEXT", "token_count": 100}]}}, "gemini",
     "gemini-3.5-flash", {}, "100*1.5 + 60*9", ""),
    ("speech", gemini(promptTokenCount=50, candidatesTokenCount=800,
        candidatesTokensDetails=modal(audio=800)), "gemini", "gemini-2.5-flash-preview-tts", {},
     "50*0.5 + 800*10", ""),
    ("picture and words", gemini(promptTokenCount=100, candidatesTokenCount=1400,
        candidatesTokensDetails=modal(image=1290, text=110)), "gemini", "gemini-3-pro-image", {},
     "100*2 + 110*12 + 1290*120", ""),
    ("imagen", {"predictions": [{"bytesBase64Encoded": "x", "mimeType": "image/png"}] * 2},
     "vertex_ai", "imagen-4.0-fast-generate-001", {}, "", "2*0.02"),
    ("vertex multi-region", gemini(promptTokenCount=1000, candidatesTokenCount=100), "vertex_ai",
     "gemini-3.1-flash-lite", {"region": "eu"}, "1000*0.275 + 100*1.65", ""),
    ("vertex region, older model", gemini(promptTokenCount=1000, candidatesTokenCount=100),
     "vertex_ai", "gemini-2.5-flash", {"region": "us-central1"}, "1000*0.3 + 100*2.5", ""),
    ("gemini has no regions", gemini(promptTokenCount=1000, candidatesTokenCount=100), "gemini",
     "gemini-3.5-flash", {"region": "us-central1"}, "1000*1.5 + 100*9", ""),
    ("vertex claude, global", messages(1000, 100, cache_read_input_tokens=1000), "vertex_ai",
     "claude-opus-4-6", {"region": "global"}, "1000*5 + 1000*0.5 + 100*25", ""),
    ("vertex publishers", messages(1000, 100), "vertex_ai",
     "publishers/anthropic/models/claude-opus-4-6", {}, "1000*5 + 100*25", ""),
    ("vertex embeddings by characters", {"predictions": [{"embeddings": {"statistics":
        {"token_count": 8, "truncated": False}, "values": []}}], "metadata":
        {"billableCharacterCount": 29}}, "vertex_ai", "text-embedding-005", {}, "29*0.025", ""),
    ("on demand", gemini(promptTokenCount=100, candidatesTokenCount=10,
        trafficType="ON_DEMAND"), "vertex_ai", "gemini-2.5-flash", {}, "100*0.3 + 10*2.5", ""),
    ("flex by traffic", gemini(promptTokenCount=1000, candidatesTokenCount=100,
        trafficType="ON_DEMAND_FLEX"), "vertex_ai", "gemini-2.5-flash", {},
     "1000*0.15 + 100*1.25", ""),
    ("gemma costs nothing", gemini(promptTokenCount=1000, candidatesTokenCount=100), "gemini",
     "gemma-3-27b-it", {}, "", ""),
    # Bedrock
    ("converse, flex", {"usage": {"inputTokens": 1000, "outputTokens": 100}, "serviceTier":
        {"type": "flex"}}, "bedrock", "amazon.nova-pro-v1:0", {}, "1000*0.4 + 100*1.6", ""),
    ("converse, priority", {"usage": {"inputTokens": 1000, "outputTokens": 100}, "serviceTier":
        {"type": "priority"}}, "bedrock", "openai.gpt-oss-120b-1:0", {},
     "1000*0.2625 + 100*1.05", ""),
    ("bedrock batch", {"usage": {"inputTokens": 1000, "outputTokens": 100}}, "bedrock",
     "meta.llama3-3-70b-instruct-v1:0", {"processing": "batch"}, "1000*0.36 + 100*0.36", ""),
    ("invoke: claude", messages(1000, 100, cache_creation_input_tokens=200), "bedrock",
     "global.anthropic.claude-haiku-4-5-20251001-v1:0", {}, "1000*1 + 200*1.25 + 100*5", ""),
    ("invoke: titan", {"inputTextTokenCount": 1000, "embedding": []}, "bedrock",
     "amazon.titan-embed-text-v2:0", {}, "1000*0.02", ""),
    ("eu profile", {"usage": {"inputTokens": 1000, "outputTokens": 100,
        "cacheReadInputTokens": 500}}, "bedrock", "eu.anthropic.claude-opus-4-6-v1", {},
     "1000*5.5 + 500*0.55 + 100*27.5", ""),
    ("litellm's route", {"usage": {"inputTokens": 1000, "outputTokens": 100}}, "bedrock",
     "bedrock/converse/us.amazon.nova-lite-v1:0", {}, "1000*0.06 + 100*0.24", ""),
    # Others
    ("groq compound", COMPOUND, "groq", "compound", {},
     "600*0.15 + 60*0.6 + 300*0.59 + 30*0.79", "2*0.005"),
    ("groq cached", chat(1000, 100, {"cached_tokens": 1000}), "groq", "groq/openai/gpt-oss-20b",
     {}, "1000*0.0375 + 100*0.3", ""),
    ("groq in its last chunk", {"x_groq": {"usage": {"prompt_tokens": 1000,
        "completion_tokens": 100, "total_tokens": 1100}}}, "groq", "llama-3.1-8b-instant", {},
     "1000*0.05 + 100*0.08", ""),
    ("deepseek reasoner", {"usage": {"prompt_tokens": 1000, "completion_tokens": 500,
        "prompt_cache_hit_tokens": 1000, "prompt_cache_miss_tokens": 0,
        "completion_tokens_details": {"reasoning_tokens": 400}}}, "deepseek", "deepseek-v4-flash",
     {"at": datetime(2026, 11, 20, 20, tzinfo=UTC)}, "1000*0.003 + 500*0.6", ""),
    ("xai long", chat(200000, 10), "xai", "grok-4.5", {}, "200000*4 + 10*12", ""),
    ("xai one less", chat(199999, 10), "xai", "grok-4.5", {}, "199999*2 + 10*6", ""),
    ("xai cached", chat(1000, 10, {"cached_tokens": 500, "text_tokens": 1000}), "xai",
     "grok-4.3", {}, "500*1.25 + 500*0.2 + 10*2.5", ""),
    ("xai batch", chat(1000, 100), "xai", "grok-4.3", {"processing": "batch"},
     "1000*1 + 100*2", ""),
    ("xai tools by its items", responses(1000, 100, output=items("web_search_call",
        "x_search_call", "code_interpreter_call", "file_search_call")), "xai", "grok-4.3", {},
     "1000*1.25 + 100*2.5", "3*0.005 + 0.0025"),
    ("mistral cached", chat(1000, 100, {"cached_tokens": 400}), "mistral",
     "mistral-small-latest", {}, "600*0.15 + 400*0.015 + 100*0.6", ""),
    ("mistral batch", chat(1000, 100), "mistral", "mistral-small-latest",
     {"processing": "batch"}, "1000*0.075 + 100*0.3", ""),
    ("mistral audio by its length", {"usage": {"prompt_tokens": 9, "completion_tokens": 248,
        "total_tokens": 632, "prompt_audio_seconds": 36, "prompt_tokens_details":
        {"cached_tokens": 0, "audio_tokens": 375}}}, "mistral", "voxtral-small-latest", {},
     "9*0.1 + 248*0.4", "36*0.24*0.000277777777777777777777777777777777777777777777777777777778"),
    ("mistral embedding", {"object": "list", "usage": {"prompt_tokens": 90, "total_tokens": 90,
        "completion_tokens": 0}}, "mistral", "mistral-embed", {}, "90*0.1", ""),
    ("ocr with annotations", {"usage_info": {"pages_processed": 2}, "document_annotation": "{}"},
     "mistral", "mistral-ocr-4-0", {}, "", "2*0.005"),
    ("perplexity, medium", {"usage": {"prompt_tokens": 10, "completion_tokens": 100,
        "search_context_size": "medium"}}, "perplexity", "sonar-pro", {},
     "10*3 + 100*15", "0.01"),
    ("perplexity's agent", {"object": "response", "model": "perplexity/sonar", "output": [],
        "usage": {"input_tokens": 1000, "output_tokens": 100}}, "perplexity", None, {},
     "1000*0.25 + 100*2.5", ""),
    ("openrouter without its cost", chat(1000, 100), "openrouter", "anthropic/claude-sonnet-4.5",
     {}, "1000*3 + 100*15", ""),
    ("openrouter's second step", chat(130000, 10), "openrouter", "qwen/qwen3-coder-flash", {},
     "130000*0.52 + 10*2.6", ""),
    ("openrouter, free", chat(1000, 100), "openrouter", "openai/gpt-oss-20b:free", {}, "", ""),
    ("openrouter charges nothing", {"usage": {"prompt_tokens": 5, "completion_tokens": 5,
        "cost": 0}}, "openrouter", "some/new-model", {}, "", ""),
    ("together", chat(1000, 100), "together_ai", "meta-llama/Llama-3.3-70B-Instruct-Turbo", {},
     "1000*0.88 + 100*0.88", ""),
    ("fireworks", chat(1000, 100, {"cached_tokens": 500}), "fireworks_ai",
     "accounts/fireworks/models/gpt-oss-120b", {}, "500*0.15 + 500*0.015 + 100*0.6", ""),
    ("cerebras", chat(1000, 100), "cerebras", "gpt-oss-120b", {}, "1000*0.35 + 100*0.75", ""),
    ("moonshot", {"usage": {"prompt_tokens": 1000, "completion_tokens": 100,
        "cached_tokens": 400}}, "moonshot", "kimi-k3", {}, "600*3 + 400*0.3 + 100*15", ""),
    ("zai", chat(1000, 100, {"cached_tokens": 400}), "zai", "glm-4.6", {},
     "600*0.6 + 400*0.11 + 100*2.2", ""),
    ("cohere embeds", {"embeddings": {}, "meta": {"billed_units": {"input_tokens": 208}}},
     "cohere", "embed-v4.0", {}, "208*0.12", ""),
    ("cohere reranks", {"results": [], "meta": {"billed_units": {"search_units": 3}}}, "cohere",
     "rerank-v3.5", {}, "", "3*0.002"),
    ("voyage, the total alone", {"usage": {"total_tokens": 500}}, "voyage", "voyage-3-large", {},
     "500*0.18", ""),
    ("voyage reranks", {"usage": {"total_tokens": 500}}, "voyage", "rerank-2.5", {},
     "500*0.05", ""),
    ("a proxy with a base model", chat(1000, 100), "litellm_proxy", "fast", {"base_model":
     "anthropic/claude-sonnet-5-5"}, "1000*2 + 100*10", ""),
    ("a base model without its maker", chat(1000, 100), "vllm", "x", {"base_model": "gpt-4.1"},
     "1000*2 + 100*8", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "provider", "model", "more", "tokens", "fees"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_example(
    body: dict[str, Any],
    provider: str,
    model: str | None,
    more: dict[str, Any],
    tokens: str,
    fees: str,
) -> None:
    cost = cost_of(body, provider=provider, model=model, **{"at": date(2026, 11, 20), **more})
    assert cost.unknown == ()
    assert cost.total is not None
    assert round(cost.total, 20) == round(dollars(tokens, fees), 20)


# id, body, provider, model, further arguments, what is unknown
UNKNOWN: list[tuple[str, dict[str, Any], str, str | None, dict[str, Any], str]] = [
    ("total of a model that also answers", {"usage": {"total_tokens": 800}}, "openai", "gpt-5",
     {}, "usage"),
    ("an unknown deployment type", chat(1, 1), "azure", "gpt-5",
     {"deployment_type": "Continental"}, "region"),
    ("PTU", chat(1, 1), "azure", "gpt-5", {"deployment_type": "PTU"}, "region"),
    ("government cloud", chat(1, 1), "azure", "azure/us-gov/gpt-5.1", {}, "region"),
    ("gemma on Vertex AI", gemini(promptTokenCount=1, candidatesTokenCount=1), "vertex_ai",
     "gemma-3-27b-it", {}, "model"),
    ("no such region", chat(1, 1), "openai", "gpt-5.4", {"region": "mars.api.openai.com"},
     "region"),
    ("a stranger's server with a maker's name", chat(1, 1), "custom", "openai/gpt-4.1", {},
     "model"),
    ("another reseller's price is no price", chat(1, 1), "openrouter", "openai/gpt-none", {},
     "model"),
    ("cached in a tier that lists none", {"usage": {"inputTokens": 1, "outputTokens": 1,
     "cacheReadInputTokens": 5}}, "bedrock", "amazon.nova-pro-v1:0", {"processing": "batch"},
     "cached"),
    ("provisioned throughput", gemini(promptTokenCount=1, candidatesTokenCount=1,
     trafficType="PROVISIONED_THROUGHPUT"), "vertex_ai", "gemini-2.5-flash", {}, "tier"),
    ("maps", gemini(promptTokenCount=1, candidatesTokenCount=1, candidates=[{"groundingMetadata":
     {"groundingChunks": [{"maps": {}}]}}]), "gemini", "gemini-3.5-flash", {}, "maps"),
    ("groq runs code", {**COMPOUND, "choices": [{"message": {"executed_tools":
     [{"type": "python"}]}}]}, "groq", "compound", {}, "code_execution"),
    ("a tier after its price has changed", gemini(promptTokenCount=1, candidatesTokenCount=1,
     serviceTier="flex"), "gemini", "gemini-3.8-flash", {"at": date(2027, 2, 1)}, "tier"),
    ("dall-e-3 of no known size", {"data": [{"url": "x"}]}, "openai", "dall-e-3",
     {"request": {"prompt": "a", "size": "640x480"}}, "images"),
    ("live search", {"usage": {"prompt_tokens": 1, "completion_tokens": 1,
     "num_sources_used": 3}}, "xai", "grok-4.3", {}, "live_search_source"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "provider", "model", "more", "what"),
    [pytest.param(*case[1:], id=case[0]) for case in UNKNOWN],
)
def test_unknown_with_its_reason(
    body: dict[str, Any], provider: str, model: str | None, more: dict[str, Any], what: str
) -> None:
    cost = cost_of(body, provider=provider, model=model, **{"at": date(2026, 11, 20), **more})
    assert cost.total is None
    assert what in {gap.what for gap in cost.unknown}
    assert all(gap.why for gap in cost.unknown)


def test_why_an_azure_deployment_has_no_price() -> None:
    for kind, why in (
        ("PTU", "billed by the hour"),
        ("Standard", "not in the tables"),
        ("Continental", "no known deployment type"),
    ):
        cost = cost_of(chat(1, 1), provider="azure", model="gpt-5", deployment_type=kind)
        assert why in str(cost)


def test_fast_is_the_other_name_of_priority() -> None:
    cost = cost_of(chat(1, 1), provider="openai", model="gpt-5.5", service_tier="fast")
    assert cost.tier == "priority"
    claude = cost_of(messages(1, 1, speed="fast"), provider="anthropic", model="claude-opus-5-5")
    assert claude.tier == "fast"


def test_times_in_any_form() -> None:
    def price(at: Any) -> Any:
        return cost_of(responses(1, 1), provider="openai", model="gpt-5.6-sol", at=at).total

    old, new = price(date(2026, 8, 20)), price(date(2026, 8, 21))
    assert old > new
    assert price("2026-08-20") == price("2026-08-20T23:59:59") == old
    assert price("2026-08-21T01:00:00+02:00") == old
    assert price(datetime(2026, 8, 21, tzinfo=UTC).timestamp()) == price("2026-08-21") == new
