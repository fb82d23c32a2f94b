"""Amazon Bedrock's log of a call of a model: what its fields say, and what is left where they are not as expected."""

import pytest

from mapping.semantics import bedrock_log

PROFILE = "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-pro-v1:0"
OWN = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/k3v9x2m7q1zt"
METRICS = "amazon-bedrock-invocationMetrics"


def log(model="m", request=None, response=None, **fields):
    return {
        "modelId": model,
        "operation": "InvokeModel",
        "input": {"inputBodyJson": request},
        "output": {"outputBodyJson": response},
        **fields,
    }


@pytest.mark.parametrize(
    ("body", "model"),
    [
        (log("amazon.nova-lite-v1:0"), "amazon.nova-lite-v1:0"),
        (log(PROFILE), "eu.amazon.nova-pro-v1:0"),
        (log(OWN), "k3v9x2m7q1zt"),
        (log(OWN, response={"model": "claude-sonnet-4-6"}), "claude-sonnet-4-6"),
        (log(OWN, response=[{"message": {"model": "claude-opus-4-7"}}, {"type": "message_stop"}]), "claude-opus-4-7"),
        (log(PROFILE, response={"model": "claude-sonnet-4-6"}), "eu.amazon.nova-pro-v1:0"),
        (log(7), None),
        (log(""), None),
    ],
)
def test_a_model_is_named_by_its_id_or_where_that_is_none_by_its_answer(body, model):
    assert bedrock_log.model_of(body) == model


@pytest.mark.parametrize(
    ("response", "milliseconds"),
    [
        ({"metrics": {"latencyMs": 302}}, 302),
        ([{"type": "message_start"}, {"type": "message_stop", METRICS: {"invocationLatency": 2100}}], 2100),
        ([{"messageStart": {}}, {"metadata": {"metrics": {"latencyMs": 390}}}], 390),
        ({"metrics": {"latencyMs": "302"}}, 0),
        ({"metrics": {"latencyMs": -1}}, 0),
        ({"metrics": 302}, 0),
        ([7, "x"], 0),
        ("text", 0),
        (None, 0),
    ],
)
def test_how_long_a_call_took_is_read_where_the_log_says_it(response, milliseconds):
    assert bedrock_log.took(log(response=response)) == milliseconds


@pytest.mark.parametrize(
    ("request_id", "response", "told"),
    [
        ("r1", {"id": "msg_bdrk_1"}, "msg_bdrk_1"),
        ("r1", [{"type": "message_start", "message": {"id": "msg_bdrk_2"}}], "msg_bdrk_2"),
        ("r1", {"output": {}}, "r1"),
        ("", {"id": 7}, None),
        (7, None, None),
    ],
)
def test_a_response_has_the_id_of_its_model_s_api_or_that_of_the_request(request_id, response, told):
    assert bedrock_log.response_id_of(log(response=response, requestId=request_id)) == told


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        ({"messages": [], "prompt": "p"}, {"messages": [], "prompt": "p"}),
        ({"prompt": "p", "max_gen_len": 9}, "p"),
        ({"inputText": "t", "textGenerationConfig": {}}, "t"),
        ({"message": "m", "chat_history": []}, {"message": "m", "chat_history": []}),
        ({"texts": ["t"]}, {"texts": ["t"]}),
        ([1], [1]),
    ],
)
def test_models_that_take_a_text_alone_are_asked_by_it(request_, sent):
    assert bedrock_log.said_in(log(request=request_)) == {"input": sent}


def test_what_is_in_s3_is_a_file_and_what_is_not_delivered_is_not_there():
    stored = {"input": {"inputBodyS3Path": "s3://b/in"}, "output": {"outputBodyS3Path": "s3://b/out"}}
    assert bedrock_log.said_in(stored) == {
        "input": {"type": "file", "url": "s3://b/in"},
        "output": {"type": "file", "url": "s3://b/out"},
    }
    assert bedrock_log.said_in({"input": {"inputTokenCount": 3}, "output": "none"}) == {}


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("amazon.titan-embed-text-v2:0", "embedding"),
        ("cohere.embed-english-v3", "embedding"),
        ("amazon.nova-2-multimodal-embeddings-v1:0", "embedding"),
        ("cohere.rerank-v3-5:0", "retrieval"),
        ("amazon.nova-lite-v1:0", "model_call"),
    ],
)
def test_models_that_answer_nobody_are_known_by_their_names(model, kind):
    assert bedrock_log.type_of(log(model)) == kind
    assert bedrock_log.type_of(log(model, errorCode="ThrottlingException")) == "error"
