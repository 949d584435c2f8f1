"""Prompts that bring their own text: retrieval, refining, condensing, selecting, ReAct."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

CONTEXT = (
    "file_path: /data/eiffel_notes.txt\n\n"
    "The Eiffel Tower is in Paris. It was finished in 1889. Gustave Eiffel's company built it.\n\n"
    "The Colosseum is in Rome. It was built under the Flavian emperors."
)
LLAMA_QA = (
    "Context information is below.\n---------------------\n{context}\n---------------------\n"
    "Given the context information and not prior knowledge, answer the query.\n"
    "Query: {query}\nAnswer: "
)
LLAMA_TREE = LLAMA_QA.replace(
    "Context information is", "Context information from multiple sources is"
)
LLAMA_REFINE = (
    "The original query is as follows: {query}\nWe have provided an existing answer: {answer}\n"
    "We have the opportunity to refine the existing answer (only if needed) with some more "
    "context below.\n------------\n{context}\n------------\nGiven the new context, refine the "
    "original answer to better answer the query. If the context isn't useful, return the original "
    "answer.\nRefined Answer: "
)
CHAT_REFINE = (
    "You are an expert Q&A system that strictly operates in two modes when refining existing "
    "answers:\n1. **Rewrite** an original answer using the new context.\n2. **Repeat** it.\n"
    "New Context: {context}\nQuery: {query}\nOriginal Answer: {answer}\nNew Answer: "
)
GENERIC = "Answer from the context only.\n\nContext:\n{context}\n\nQuestion: {query}"
TAGGED = "<context>\n{context}\n</context>\n\n{query}"


def text(response: Any) -> str:
    return response["output"][0]["content"][0]["text"]


@pytest.mark.parametrize("template", [LLAMA_QA, LLAMA_TREE, GENERIC, TAGGED])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Where is the Eiffel Tower?", "The Eiffel Tower is in Paris."),
        ("Who built the tower of Gustave Eiffel?", "Gustave Eiffel's company built it."),
        ("What do penguins eat?", "The context does not say."),
    ],
)
def test_questions(offline: Any, template: str, query: str, expected: str) -> None:
    assert text(offline.respond(template.format(context=CONTEXT, query=query))) == expected


def test_context_in_the_system_message(offline: Any) -> None:
    system = f"Use the following pieces of retrieved context to answer.\n\n{CONTEXT}"
    response = offline.respond("Where is the Colosseum?", instructions=system)
    assert text(response) == "The Colosseum is in Rome."


def test_a_context_that_speaks_of_refusals_is_no_request_to_refuse(offline: Any) -> None:
    context = "Many people refuse to fly. Trains are popular in Japan."
    response = offline.respond(LLAMA_QA.format(context=context, query="What is popular in Japan?"))
    assert text(response) == "Trains are popular in Japan."


@pytest.mark.parametrize("template", [LLAMA_REFINE, CHAT_REFINE])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("I do not know.", "The Colosseum is in Rome."),
        ("The Colosseum is in Rome, Italy.", "The Colosseum is in Rome, Italy."),
    ],
)
def test_refining(offline: Any, template: str, answer: str, expected: str) -> None:
    prompt = template.format(context=CONTEXT, query="Where is the Colosseum?", answer=answer)
    assert text(offline.respond(prompt)) == expected


@pytest.mark.parametrize(
    "template",
    [
        "Given a conversation (between Human and Assistant) and a follow up message from Human, "
        "rewrite the message to be a standalone question.\n\n<Chat History>\n{history}\n\n"
        "<Follow Up Message>\n{question}\n\n<Standalone question>\n",
        "Rephrase the follow up question.\n\n  Chat History:\n  {history}\n"
        "  Follow Up Input: {question}\n  Standalone question:",
    ],
)
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When was it built?", "When was the Eiffel Tower built?"),
        ("What is its height?", "What is the Eiffel Tower's height?"),
        ("Where is Rome?", "Where is Rome?"),
    ],
)
def test_condensing(offline: Any, template: str, question: str, expected: str) -> None:
    history = "user: Where is the Eiffel Tower?\nassistant: The Eiffel Tower is in Paris."
    prompt = template.format(history=history, question=question)
    assert (
        text(offline.respond(prompt)).replace("Eiffel", "the Eiffel").replace("the the", "the")
        == expected
    )


CHOICES = (
    "Some choices are given below. It is provided in a numbered list (1 to 2), where each item in "
    "the list corresponds to a summary.\n---------------------\n(1) Useful for summaries of essays"
    "\n\n(2) Useful for facts about the author\n---------------------\nUsing only the choices "
    "above and not prior knowledge, return the choice that is most relevant to the question: "
    "'Who is the author?'\n"
)


def test_selecting_in_text_in_a_schema_and_by_a_tool(offline: Any) -> None:
    (picked,) = orjson.loads(text(offline.respond(CHOICES)))
    assert picked["choice"] == 2
    schema = {
        "type": "object",
        "properties": {"index": {"type": "integer"}, "reason": {"type": "string"}},
        "required": ["index", "reason"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "name": "s", "schema": schema, "strict": True}
    assert orjson.loads(text(offline.respond(CHOICES, text={"format": wanted})))["index"] == 2
    many = {"type": "object", "properties": {"selections": {"type": "array", "items": schema}}}
    tool = {
        "type": "function",
        "name": "MultiSelection",
        "parameters": many | {"required": ["selections"]},
    }
    (call,) = offline.respond(CHOICES, tools=[tool], tool_choice="required")["output"]
    assert [each["index"] for each in orjson.loads(call["arguments"])["selections"]] == [2]


def test_ranking(offline: Any) -> None:
    prompt = (
        "A list of documents is shown below. Each document has a number next to it. Example "
        "format: \nDocument 1:\n<summary of document 1>\n\nDocument 2:\n<summary of document 2>\n\n"
        "...\n\nLet's try this now: \n\nDocument 1:\nCats sleep a lot.\n\nDocument 2:\nThe moon is "
        "round.\nQuestion: What is the shape of the moon?\nAnswer:\n"
    )
    assert text(offline.respond(prompt)).startswith("Doc: 2, Relevance: ")


JUDGE = (
    "Please tell if a given piece of information is supported by the context.\nYou need to answer "
    "with either YES or NO.\nInformation: Apple pies taste bad.\nContext: A pie.\nAnswer: NO\n"
    "Information: {claim}\nContext: {context}\nAnswer: "
)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [("The Eiffel Tower was finished in 1889.", "YES"), ("Penguins eat fish daily.", "NO")],
)
def test_judging(offline: Any, claim: str, expected: str) -> None:
    assert text(offline.respond(JUDGE.format(claim=claim, context=CONTEXT))) == expected


def test_a_question_that_points_back(offline: Any) -> None:
    system = f"Use the following pieces of retrieved context to answer.\n\n{CONTEXT}"
    said = [
        {"role": "user", "content": "Tell me of the Eiffel Tower"},
        {"role": "assistant", "content": "Gladly."},
        {"role": "user", "content": "When was it finished?"},
    ]
    assert text(offline.respond(said, instructions=system)) == "It was finished in 1889."


def test_keywords_and_summaries(offline: Any) -> None:
    prompt = (
        "A question is provided below. Given the question, extract up to 3 keywords from the text."
        "\n---------------------\nWho built the Eiffel Tower in Paris?\n---------------------\n"
        "Provide keywords in the following comma-separated format: 'KEYWORDS: <keywords>'\n"
    )
    assert text(offline.respond(prompt)) == "KEYWORDS: built, eiffel, tower"
    summary = text(offline.respond(f"Summarize the following text:\n{CONTEXT}"))
    assert "Eiffel" in summary
    assert len(summary) < len(CONTEXT)


LLAMA_REACT = """You are designed to help.

## Tools
You have access to the following tools:
> Tool Name: multiply
Tool Description: multiply(a: int, b: int) -> int
Multiply two numbers
Tool Args: <schema>

## Output Format
```
Thought: I need to use a tool to help me answer the question.
Action: tool name (one of multiply) if using a tool.
Action Input: the input to the tool, in a JSON format
```
Thought: I can answer without using any more tools.
Answer: [your answer here]
""".replace(
    "<schema>",
    '{"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, '
    '"required": ["a", "b"], "type": "object"}',
)
PLAIN_REACT = """Answer the following questions as best you can. You have access to the tools:

search(query: str) -> str - Search the web for facts

Use the following format:

Question: the input question you must answer
Thought: you should always think about what to do
Action: the action to take, should be one of [search]
Action Input: the input to the action
Observation: the result of the action
Thought: I now know the final answer
Final Answer: the final answer to the original input question

Begin!

Question: Search for the height of the Eiffel Tower
Thought:"""


def test_react_in_messages(offline: Any) -> None:
    said = [
        {"role": "system", "content": LLAMA_REACT},
        {"role": "user", "content": "What is 6 times 7?"},
    ]
    step = text(offline.respond(said))
    assert step == (
        "Thought: I need to use a tool to help me answer the question.\n"
        'Action: multiply\nAction Input: {"a":6,"b":7}'
    )
    said += [
        {"role": "assistant", "content": step},
        {"role": "user", "content": "Observation: 42"},
    ]
    assert text(offline.respond(said)) == (
        "Thought: I can answer without using any more tools.\nAnswer: multiply(6, 7): 42."
    )


def test_react_in_one_prompt(offline: Any) -> None:
    step = text(offline.respond(PLAIN_REACT))
    assert step.endswith("Action: search\nAction Input: Search for the height of the Eiffel Tower")
    done = text(offline.respond(f"{PLAIN_REACT} {step}\nObservation: It is 330 m tall.\nThought:"))
    assert done.endswith("Final Answer: It is 330 m tall.")
