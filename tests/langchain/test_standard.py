"""The standard suites of langchain-tests, over either API, each with all that it can do."""

from __future__ import annotations

import base64
from typing import Any, ClassVar, Literal

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_tests.integration_tests import (
    ChatModelIntegrationTests,
    EmbeddingsIntegrationTests,
)
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests

from langchain_resp import ChatResp, RespEmbeddings
from tests.langchain.conftest import WAV

Kind = Literal["invoke", "stream"]


class _Features:
    """What is declared for every variant."""

    params: dict[str, Any]  # the fixtures of Azure set it for each test

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatResp

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return self.params

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_audio_inputs(self) -> bool:
        return self.params.get("api") == "chat"  # the Responses API takes no sound

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_pdf_tool_message(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str | None:
        return "other"

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        env = {"OPENAI_API_KEY": "key-of-the-test", "LC_OUTPUT_VERSION": "v1"}
        return env, self.params, {"output_version": self.params.get("output_version", "v1")}


class _Unit(_Features, ChatModelUnitTests):
    pass


class _Integration(_Features, ChatModelIntegrationTests):
    @property
    def enable_vcr_tests(self) -> bool:
        return True  # there is nothing to record: no request leaves the machine

    @property
    def supported_usage_metadata_details(self) -> dict[Kind, list[Any]]:
        kinds = ["reasoning_output", "cache_read_input", "cache_creation_input"]
        if self.supports_audio_inputs:
            kinds.append("audio_input")  # the offline model hears and does not speak
        return {"invoke": list(kinds), "stream": list(kinds)}

    def _ask(self, prompt: Any, *, stream: bool, **options: Any) -> AIMessage:
        model = ChatResp(**{**self.chat_model_params, **options})
        if not stream:
            return model.invoke(prompt)
        first, *others = model.stream(prompt)
        return first + others

    def invoke_with_audio_input(self, *, stream: bool = False) -> AIMessage:
        sound = {"type": "audio", "base64": SOUND, "mime_type": "audio/wav"}
        return self._ask([HumanMessage([sound])], stream=stream)

    def invoke_with_reasoning_output(self, *, stream: bool = False) -> AIMessage:
        return self._ask("What is 2 + 3?", stream=stream, reasoning_effort="low")

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        return self._ask("word " * 2000, stream=stream)

    def invoke_with_cache_creation_input(self, *, stream: bool = False) -> AIMessage:
        return self._ask("word " * 2000, stream=stream)


SOUND = base64.b64encode(WAV).decode()
OFFLINE = {"model": "demo", "provider": "offline"}


class TestResponsesUnit(_Unit):
    params: ClassVar[dict[str, Any]] = {**OFFLINE, "api": "responses"}


class TestResponses(_Integration):
    params: ClassVar[dict[str, Any]] = {**OFFLINE, "api": "responses"}


class TestChatUnit(_Unit):
    params: ClassVar[dict[str, Any]] = {**OFFLINE, "api": "chat"}


class TestChat(_Integration):
    params: ClassVar[dict[str, Any]] = {**OFFLINE, "api": "chat"}


class TestStatelessUnit(_Unit):
    params: ClassVar[dict[str, Any]] = {**OFFLINE, "api": "responses", "store": False}


class TestStateless(_Integration):
    params: ClassVar[dict[str, Any]] = {**OFFLINE, "api": "responses", "store": False}


class TestChainedUnit(_Unit):
    params: ClassVar[dict[str, Any]] = {
        **OFFLINE,
        "api": "responses",
        "use_previous_response_id": True,
    }


class TestChained(_Integration):
    params: ClassVar[dict[str, Any]] = {
        **OFFLINE,
        "api": "responses",
        "use_previous_response_id": True,
    }


class TestStandardBlocksUnit(_Unit):
    params: ClassVar[dict[str, Any]] = {**OFFLINE, "api": "responses", "output_version": "v1"}


class TestStandardBlocks(_Integration):
    params: ClassVar[dict[str, Any]] = {**OFFLINE, "api": "responses", "output_version": "v1"}


class TestStandardBlocksChat(_Integration):
    params: ClassVar[dict[str, Any]] = {**OFFLINE, "api": "chat", "output_version": "v1"}


class _Azure(_Features):
    api: str

    @pytest.fixture(autouse=True)
    def _served(self, azure_server: Any) -> None:
        self.params = {
            "model": "azure/offline-demo",
            "api": self.api,
            "azure_endpoint": azure_server.url,
            "api_key": "key-of-the-test",
            "api_version": "v1",
        }

    @property
    def model_override_value(self) -> str | None:
        return "offline-other"


AZURE = {
    "model": "azure/offline-demo",
    "azure_endpoint": "https://resource.openai.azure.com",
    "api_key": "key-of-the-test",
    "api_version": "v1",
}


class TestAzureResponsesUnit(_Unit):
    params: ClassVar[dict[str, Any]] = {**AZURE, "api": "responses"}


class TestAzureResponses(_Azure, _Integration):
    api = "responses"


class TestAzureChatUnit(_Unit):
    params: ClassVar[dict[str, Any]] = {**AZURE, "api": "chat"}


class TestAzureChat(_Azure, _Integration):
    api = "chat"


class _Embeddings:
    @property
    def embeddings_class(self) -> type[RespEmbeddings]:
        return RespEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": "offline/embed"}


class TestEmbeddingsUnit(_Embeddings, EmbeddingsUnitTests):
    pass


class TestEmbeddings(_Embeddings, EmbeddingsIntegrationTests):
    pass
