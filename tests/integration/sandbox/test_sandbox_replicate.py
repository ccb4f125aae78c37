"""The sandbox's Replicate, driven by Replicate's own client and bare HTTP."""

import httpx
import pytest
import replicate


@pytest.fixture
def client(sandbox):
    token = sandbox.settings.replicate_api_token.get_secret_value()
    return replicate.Client(api_token=token, base_url=f"{sandbox.url}/replicate")


def test_a_prediction_becomes_a_video(client):
    prediction = client.models.predictions.create(
        "bytedance/seedance-2.0", {"prompt": "A lantern on a roof", "seed": 7}
    )
    assert prediction.status == "starting"
    prediction.wait()
    assert prediction.status == "succeeded"
    video = httpx.get(prediction.output)
    assert video.headers["content-type"] == "video/mp4"
    assert len(video.content) > 100_000
