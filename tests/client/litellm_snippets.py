"""Calls as LiteLLM's documentation writes them, word for word but for deployment and address.

Each is run with `litellm` standing for our package. `BASE` is the address of the resource.
"""

# ruff: noqa: E501
from __future__ import annotations

SNIPPETS: dict[str, str] = {
    "azure/responses": """
import litellm

# Non-streaming response
response = litellm.responses(
    model="azure/o1-pro",
    input="Tell me a three sentence bedtime story about a unicorn.",
    max_output_tokens=100,
    api_key=os.getenv("AZURE_API_KEY"),
    api_base=BASE + "/",
    api_version="2025-04-01-preview",
)

print(response)
""",
    "azure/responses, streamed": """
import litellm

# Streaming response
response = litellm.responses(
    model="azure/o1-pro",
    input="Tell me a three sentence bedtime story about a unicorn.",
    stream=True,
    api_key=os.getenv("AZURE_API_KEY"),
    api_base=BASE + "/",
    api_version="2025-04-01-preview",
)

for event in response:
    print(event)
""",
    "azure/responses, preview": """
import litellm

# Streaming response with Codex models
response = litellm.responses(
    model="azure/codex-mini",
    input="Tell me a three sentence bedtime story about a unicorn.",
    stream=True,
    api_key=os.getenv("AZURE_API_KEY"),
    api_base=BASE,
    api_version="preview", # 👈 key difference
)

for event in response:
    print(event)
""",
    "azure/responses/ via chat": """
from litellm import completion
import os

os.environ["AZURE_API_BASE"] = BASE
os.environ["AZURE_API_VERSION"] = "2025-04-01-preview"
os.environ["AZURE_API_KEY"] = "my-api-key"

response = completion(
    model="azure/responses/my-custom-o1-pro",
    messages=[{"role": "user", "content": "Hello world"}],
)

print(response)
""",
    "openai/responses": """
import litellm

# First, create a response
response = litellm.responses(
model="openai/o1-pro",
input="Tell me a three sentence bedtime story about a unicorn.",
max_output_tokens=100
)

# Get the response ID
response_id = response.id

# Retrieve the response by ID
retrieved_response = litellm.get_responses(
response_id=response_id
)

print(retrieved_response)

# Delete the response by ID
delete_response = litellm.delete_responses(
response_id=response_id
)

print(delete_response)
""",
    "openai/responses, async": """
import asyncio
import litellm

async def main():
    response = await litellm.aresponses(model="openai/o1-pro", input="Tell me a story.")
    retrieved_response = await litellm.aget_responses(response_id=response.id)
    print(retrieved_response)
    delete_response = await litellm.adelete_responses(response_id=response.id)
    print(delete_response)

asyncio.run(main())
""",
    "cancel": """
import litellm

response = litellm.responses(model="openai/gpt-4o", input="Think long.", background=True)
cancel_response = litellm.cancel_responses(response_id=response.id)
print(cancel_response.status)
""",
    "computer use": """
import litellm

# Non-streaming response
response = litellm.responses(
model="computer-use-preview",
tools=[{
"type": "computer_use_preview",
"display_width": 1024,
"display_height": 768,
"environment": "browser" # other possible values: "mac", "windows", "ubuntu"
}],
input=[
{
"role": "user",
"content": [
{
"type": "text",
"text": "Check the latest OpenAI news on bing.com."
}
]
}
],
reasoning={
"summary": "concise",
},
truncation="auto"
)
print(response.output)
""",
    "completion, by the environment": """
from litellm import completion

## set ENV variables
os.environ["AZURE_API_KEY"] = "k"
os.environ["AZURE_API_BASE"] = BASE
os.environ["AZURE_API_VERSION"] = "2024-10-21"

# azure call
response = completion(
    model = "azure/<your_deployment_name>",
    messages = [{ "content": "Hello, how are you?","role": "user"}]
)
print(response)
""",
    "completion, by arguments": """
import litellm

# azure call
response = litellm.completion(
    model = "azure/<your deployment name>",             # model = azure/<your deployment name>
    api_base = BASE,                                    # azure api base
    api_version = "2024-10-21",                         # azure api version
    api_key = "k",                                      # azure api key
    messages = [{"role": "user", "content": "good morning"}],
)
print(response)
""",
    "completion, azure_ad_token": """
import litellm

# azure call
response = litellm.completion(
    model = "azure/<your deployment name>",             # model = azure/<your deployment name>
    api_base = BASE,                                    # azure api base
    api_version = "2024-10-21",                         # azure api version
    azure_ad_token="t",                                 # azure_ad_token
    messages = [{"role": "user", "content": "good morning"}],
)
print(response)
""",
    "completion, token provider": """
from litellm import completion

token_provider = lambda: "t"

response = completion(
    model = "azure/<your deployment name>",             # model = azure/<your deployment name>
    api_base = BASE,                                    # azure api base
    api_version = "2024-10-21",                         # azure api version
    azure_ad_token_provider=token_provider,
    messages = [{"role": "user", "content": "good morning"}],
)
print(response)
""",
    "vision": """
import os
from litellm import completion

os.environ["AZURE_API_KEY"] = "your-api-key"

# azure call
response = completion(
    model = "azure/<your deployment name>",
    messages=[
        {
            "role": "user",
            "content": [
                            {
                                "type": "text",
                                "text": "What's in this image?"
                            },
                            {
                                "type": "image_url",
                                "image_url": {
                                "url": "https://awsmp-logos.s3.amazonaws.com/seller/logo.png"
                                }
                            }
                        ]
        }
    ],
)
print(response)
""",
    "o-series": """
import litellm

litellm.completion(model="azure/my-o3-deployment", messages=[{"role": "user", "content": "Hello, world!"}]) # 👈 Note: 'o3' in the deployment name
print(litellm.completion(model="azure/o_series/my-random-deployment-name", messages=[{"role": "user", "content": "Hello, world!"}])) # 👈 Note: 'o_series/' in the deployment name
""",
    "gpt-5": """
import litellm

response = litellm.completion(
    model="azure/gpt5_series/my-gpt-5-deployment",
    messages=[{"role": "user", "content": "Hello, world!"}]
)
print(response)
""",
    "instruct": """
import litellm

response = litellm.completion(
    model="azure_text/<your-deployment>",
    messages=[{"role": "user", "content": "What is the weather like in Boston?"}]
)
print(response)
""",
    "function calling": """
import os
import litellm
import json

tools = [
    {
        "type": "function",
        "function": {
            "name": "get_current_weather",
            "description": "Get the current weather in a given location",
            "parameters": {
                "type": "object",
                "properties": {
                    "location": {
                        "type": "string",
                        "description": "The city and state, e.g. San Francisco, CA",
                    },
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                },
                "required": ["location"],
            },
        },
    }
]
messages = [{"role": "user", "content": "What's the weather like in San Francisco, Tokyo, and Paris?"}]
response = litellm.completion(
    model="azure/chatgpt-functioncalling", # model = azure/<your-azure-deployment-name>
    messages=messages,
    tools=tools,
    tool_choice="auto",  # auto is default, but we'll be explicit
)
print("\\nLLM Response1:\\n", response)
response_message = response.choices[0].message
tool_calls = response.choices[0].message.tool_calls
print("\\nTool Choice:\\n", tool_calls)

messages.append(response_message)  # extend conversation with assistant's reply
for tool_call in tool_calls:
    function_name = tool_call.function.name
    function_args = json.loads(tool_call.function.arguments)
    function_response = json.dumps({"location": function_args.get("location"), "temperature": "10"})
    messages.append(
        {
            "tool_call_id": tool_call.id,
            "role": "tool",
            "name": function_name,
            "content": function_response,
        }
    )  # extend conversation with function response
second_response = litellm.completion(
    model="azure/chatgpt-functioncalling",
    messages=messages,
)  # get a new response from the model where it can see the function response
assert "10" in second_response.choices[0].message.content
assert len(tool_calls) == 3
""",
    "streaming": """
from litellm import completion

messages = [{"role": "user", "content": "Hey, how's it going?"}]
response = completion(model="gpt-3.5-turbo", messages=messages, stream=True)
for part in response:
    print(part.choices[0].delta.content or "")

for chunk in completion("gpt-3.5-turbo", messages, stream=True):
    print(chunk["choices"][0]["delta"])
""",
    "streaming, async": """
from litellm import acompletion
import asyncio, os, traceback

async def completion_call():
    response = await acompletion(
        model="gpt-3.5-turbo", messages=[{"content": "Hello, how are you?","role": "user"}], stream=True
    )
    print(f"response: {response}")
    async for chunk in response:
        print(chunk)

asyncio.run(completion_call())
""",
    "embedding": """
from litellm import embedding
import os

response = embedding(
    model="azure/<your deployment name>",
    input=["good morning from litellm"],
    api_key="k",
    api_base=BASE,
    api_version="2024-10-21",
)
print(response)
response = embedding("text-embedding-ada-002", input=["good morning from litellm"])
print(response["data"][0]["embedding"], response.usage.total_tokens)
""",
    "embedding, async": """
from litellm import aembedding
import asyncio

async def main():
    response = await aembedding("text-embedding-ada-002", input=["good morning from litellm"])
    print(response)

asyncio.run(main())
""",
    "structured output": """
from litellm import completion
from pydantic import BaseModel

messages = [{"role": "user", "content": "List 5 important events in the XIX century"}]

class CalendarEvent(BaseModel):
  name: str
  date: str
  participants: list[str]

class EventsList(BaseModel):
    events: list[CalendarEvent]

resp = completion(
    model="gpt-4o-2024-08-06",
    messages=messages,
    response_format=EventsList
)

print("Received={}".format(resp))
events_list = EventsList.model_validate_json(resp.choices[0].message.content)
""",
    "responses, structured": """
import litellm
from pydantic import BaseModel

class Person(BaseModel):
    name: str
    age: int

response = litellm.responses(
    model="gpt-4o", input="A person called Ada", text_format=Person
)
print(Person.model_validate_json(response.output_text))
""",
}
