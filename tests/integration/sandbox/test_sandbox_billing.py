"""The sandbox's ledger: what the paid services would have charged, and whether anything was paid for twice."""

import io
from decimal import Decimal

import httpx
import pytest
from PIL import Image

from sandbox.billing import LEDGER_FILE, Charge, Ledger, duplicates, identity_of, read_charges
from sandbox.sqlite import SqliteFile

SEEDANCE = "bytedance/seedance-2.0"


@pytest.fixture
def own(start):
    with start() as running:
        yield running


def film(running, model=SEEDANCE, webhook=None, **given):
    """A prediction that has ended."""
    headers = {"Authorization": "Bearer r8_sandbox", "Prefer": "wait"}
    body = {"input": given, **({"webhook": webhook} if webhook else {})}
    url = f"{running.url}/replicate/v1/models/{model}/predictions"
    answer = httpx.post(url, json=body, headers=headers, timeout=60)
    return answer.raise_for_status().json()


def upload(running, colour):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
    headers = {"Authorization": "Bearer r8_sandbox"}
    files = {"content": ("ada.png", buffer.getvalue(), "image/png")}
    return httpx.post(f"{running.url}/replicate/v1/files", files=files, headers=headers).json()["urls"]["get"]


def read(running, path="", **query):
    return httpx.get(f"{running.url}/billing{path}", params=query).raise_for_status().json()


@pytest.mark.parametrize(
    ("model", "given", "amount"),
    [
        (SEEDANCE, {"duration": 4}, "0.40"),
        ("bytedance/seedance-2.0-fast", {"duration": 5}, "0.40"),
        ("kwaivgi/kling-v3-video", {"duration": 3, "mode": "standard"}, "0.42"),
        ("google/veo-3.1", {"duration": 4, "resolution": "720p"}, "1.60"),
        ("wan-video/wan-2.7-r2v", {"duration": 2, "reference_images": ["https://a.org/a.png"]}, "0.20"),
        ("minimax/video-01", {}, "0.50"),
        ("kwaivgi/kling-o1", {"duration": 10, "mode": "std"}, "1.12"),
    ],
)
def test_each_model_has_its_price(sandbox, model, given, amount):
    prediction = film(sandbox, model, prompt=f"The price of {model}.", **given)
    (charge,) = read(sandbox, prompt=f"The price of {model}.")["charges"]
    assert (charge["id"], Decimal(charge["amount"])) == (prediction["id"], Decimal(amount))
    assert "cost" not in str(prediction)


def test_a_charge_tells_all_about_what_was_paid_for(own, letterbox):
    prediction = film(own, webhook=f"{letterbox.url}/hook/1", prompt="A boat", seed=4)
    (charge,) = read(own)["charges"]
    assert charge == {
        "service": "replicate",
        "id": prediction["id"],
        "kind": "succeeded",
        "model": SEEDANCE,
        "identity": identity_of(SEEDANCE, {"prompt": "A boat", "seed": 4}),
        "prompt": "A boat",
        "seed": 4,
        "webhook": f"{letterbox.url}/hook/1",
        "input": {"prompt": "A boat", "seed": 4},
        "amount": charge["amount"],
        "at": charge["at"],
    }
    assert (charge["amount"], read(own)["totals"]["amount"]) == ("0.50", "0.50")


def test_charges_can_be_counted_and_found(own):
    film(own, prompt="One boat")
    film(own, "minimax/video-01", prompt="Two boats")
    totals = read(own)["totals"]
    assert totals == {"count": 2, "amount": "1.00", "by_service": {"replicate": "1.00"}}
    assert [charge["prompt"] for charge in read(own, prompt="Two")["charges"]] == ["Two boats"]
    assert [charge["prompt"] for charge in read(own, model=SEEDANCE)["charges"]] == ["One boat"]
    assert read(own, service="fal")["totals"]["count"] == 0
    later = read(own)["charges"][1]["at"]
    assert [charge["prompt"] for charge in read(own, since=later)["charges"]] == ["Two boats"]


def test_the_same_work_paid_for_twice_is_found(own):
    for _ in range(3):
        film(own, prompt="A boat", seed=1, reference_images=[upload(own, "red")])
    film(own, prompt="A boat", seed=1, reference_images=[upload(own, "blue")])
    film(own, prompt="A boat", seed=2)
    found = read(own, "/duplicates")
    assert (found["count"], found["amount"]) == (2, "1.00")
    (group,) = found["groups"]
    assert len({charge["id"] for charge in group}) == 3
    assert len({charge["input"]["reference_images"][0] for charge in group}) == 3
    assert read(own, "/duplicates", by="prompt")["count"] == 4
    assert httpx.get(f"{own.url}/billing/duplicates", params={"by": "colour"}).status_code == 422


def test_what_costs_nothing_is_not_in_the_ledger(own):
    assert film(own, prompt="[[refuse]]")["status"] == "failed"
    assert read(own) == {"totals": {"count": 0, "amount": "0.00", "by_service": {}}, "charges": []}
    assert read(own, "/duplicates") == {"count": 0, "amount": "0.00", "groups": []}


def test_the_ledger_can_be_read_without_http_and_outlives_the_sandbox(own, start):
    for _ in range(2):
        film(own, prompt="A boat", seed=1)
    charges = read_charges(own.settings.data_dir)
    assert [charge.amount for charge in charges] == [Decimal("0.50")] * 2
    assert [len(group) for group in duplicates(charges)] == [2]
    with start() as again:
        assert read(again)["totals"]["count"] == 2


def test_a_charge_is_written_once_however_often_it_is_made(tmp_path):
    ledger = Ledger(SqliteFile(tmp_path / LEDGER_FILE))
    charge = Charge("fal", "1", "succeeded", "m", "i", "p", None, None, {"prompt": "p"}, Decimal("0.20"), 7.0)
    for _ in range(2):
        ledger.charge(charge)
    assert read_charges(tmp_path) == [charge]


def test_an_identity_does_not_hang_on_signatures_or_the_order_of_fields():
    one = {"prompt": "x", "reference_images": ["https://s3.example.com/ada.png?X-Amz-Signature=1"]}
    two = {"reference_images": ["https://s3.example.com/ada.png?X-Amz-Signature=2"], "prompt": "x"}
    assert identity_of(SEEDANCE, one) == identity_of(SEEDANCE, two)
    assert identity_of(SEEDANCE, one) != identity_of("minimax/video-01", one)
    assert identity_of(SEEDANCE, one) != identity_of(SEEDANCE, {**one, "seed": 1})
    elsewhere = {"prompt": "x", "reference_images": ["https://s3.example.com/bruno.png?X-Amz-Signature=1"]}
    assert identity_of(SEEDANCE, one) != identity_of(SEEDANCE, elsewhere)
