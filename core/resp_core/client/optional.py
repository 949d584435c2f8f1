"""Optional fields of the APIs' objects: absent on the wire, they read as None."""

from __future__ import annotations

__all__ = ["OPTIONAL"]

#: Those of the OpenAI SDK's models; a test holds them against the SDK.
_OF_THE_SDK = """
    accepted_prediction_tokens access_programs acknowledged_safety_checks action actions
    allowed_callers allowed_domains allowed_tools always annotation annotations
    approval_request_id arguments async_ attributes audio audio_tokens authorization
    background bytes cache_write_tokens cache_write_tokens_details cached_tokens
    cached_tokens_details call_id caller city code compact_threshold comparison_response_id
    comparison_reusable_tokens completed_at completion_tokens_details complexity
    connector_id content content_parts context conversation country created_by data
    defer_loading description detail detailed_explanation domain_secrets effort
    encrypted_content environment error error_type execution expires_at external_web_access
    file_data file_id file_ids file_url filename filters finish_reason format frame_count
    frame_duration_ms function function_call generate_summary headers hybrid_search id image
    image_tokens image_url include_obfuscation incomplete_details input input_fidelity
    input_image_mask input_transformations instructions keys logprob logprobs
    max_num_results max_output_length max_output_tokens max_tool_calls memory_limit message
    metadata misalignment mode model moderation moderation_details name namespace
    network_policy never obfuscation output output_compression output_format output_schema
    output_tokens_details outputs param parameters parsed parsed_arguments partial_images
    phase policy previous_response_id prompt prompt_cache_breakpoint
    prompt_cache_diagnostics prompt_cache_key prompt_cache_options prompt_cache_retention
    prompt_tokens_details quality queries query ranker ranking_options read_only reason
    reasoning reasoning_tokens refusal region rejected_prediction_tokens require_approval
    result results review_target revised_prompt role safety_identifier schema_ score
    score_threshold search_content_types search_context_size server_description server_url
    service_tier shutdown_date size skills sources status stderr stdout steer stream_id
    strict summary svg svg_usage system_fingerprint temperature text text_offset text_tokens
    timeout_ms timezone token token_logprobs tokens tool_calls tool_names tool_usage
    top_logprobs top_p transcript truncation ttl tunnel_id type url usage user user_location
    variables verbosity version working_directory
"""

#: What real servers leave out all the same, and what they add.
_OF_SERVERS = """
    input_tokens_details parallel_tool_calls reasoning_content store tool_choice tools
"""

OPTIONAL = frozenset((_OF_THE_SDK + _OF_SERVERS).split())
