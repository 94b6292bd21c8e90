import smtplib
from email.message import EmailMessage

import httpx
import pytest

from .running import RunningSandbox

SID = "AC" + "0" * 32
SMS = {"To": "+573001112233", "From": "+15005550006", "Body": "Tu código es 123456"}


def send(sandbox: RunningSandbox, subject: str, *recipients: str) -> None:
    message = EmailMessage()
    message["From"] = "MeStore <hola@mestore.example>"
    message["To"] = ", ".join(recipients)
    message["Subject"] = subject
    message["Message-ID"] = f"<{len(subject)}@mestore.example>"
    message.set_content("Hola, señora Ñáñez: tu código es 123456.\n")
    message.add_alternative("<p>Tu código es <b>123456</b></p><script>parent.x()</script>", subtype="html")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as smtp:
        smtp.send_message(message)


def test_mails_arrive_newest_first_one_per_addressee(sandbox: RunningSandbox) -> None:
    send(sandbox, "Confirma tu correo", "Ana@example.com", "otra@example.com")
    send(sandbox, "Pedido confirmado · ñ", "ana@example.com")
    assert [mail["subject"] for mail in sandbox.mails("ANA@example.com")] == [
        "Pedido confirmado · ñ",
        "Confirma tu correo",
    ]
    assert len(sandbox.mails()) == 3
    assert sandbox.mails("nadie@example.com") == []
    mail = sandbox.mails("otra@example.com")[0]
    assert mail["from"] == "MeStore <hola@mestore.example>"
    assert mail["to"] == "otra@example.com"
    assert mail["text"] == "Hola, señora Ñáñez: tu código es 123456.\n"
    assert "<b>123456</b>" in mail["html"]
    assert mail["message_id"] == "<18@mestore.example>"
    assert set(mail) == {"id", "to", "from", "subject", "text", "html", "message_id", "received_at"}


def test_pages_show_what_came_and_run_none_of_it(sandbox: RunningSandbox) -> None:
    send(sandbox, "<b>Hola</b>", "ana@example.com")
    mail = sandbox.mails()[0]
    assert "&lt;b&gt;Hola&lt;/b&gt;" in httpx.get(f"{sandbox.url}/mails").text
    page = httpx.get(f"{sandbox.url}/mails/{mail['id']}").text
    assert '<iframe sandbox=""' in page
    assert "<script>" not in page
    assert "señora Ñáñez" in page
    assert httpx.get(f"{sandbox.url}/mails/{mail['id'] + 1}").status_code == 404
    for path in ("/", "/mails", "/sms", "/wompi", "/return?id=1-2-3", "/wompi/documents/end_user_policy"):
        response = httpx.get(f"{sandbox.url}{path}")
        assert response.status_code == 200
        assert "http://" not in response.text
        assert "https://" not in response.text


def post_sms(
    sandbox: RunningSandbox, form: dict[str, str], auth: tuple[str, str] | None = (SID, "secret")
) -> httpx.Response:
    return httpx.post(f"{sandbox.url}/twilio/2010-04-01/Accounts/{SID}/Messages.json", data=form, auth=auth)


def test_sms(sandbox: RunningSandbox) -> None:
    response = post_sms(sandbox, SMS)
    assert response.status_code == 201
    answer = response.json()
    assert answer["status"] == "queued"
    assert answer["sid"].startswith("SM")
    assert answer["uri"] == f"/2010-04-01/Accounts/{SID}/Messages/{answer['sid']}.json"
    assert [sms["body"] for sms in sandbox.sms("+573001112233")] == [SMS["Body"]]
    assert sandbox.sms("+573009999999") == []
    assert SMS["Body"] in httpx.get(f"{sandbox.url}/sms").text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": "3001112233"}, 21211),
        ({"To": "+57abc"}, 21211),
        ({"To": ""}, 21604),
        ({"To": "+573000021614"}, 21614),
        ({"To": "+573000021610"}, 21610),
        ({"To": "+15005550009"}, 21614),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1_601}, 21617),
    ],
)
def test_sms_refused(sandbox: RunningSandbox, changes: dict[str, str], code: int) -> None:
    response = post_sms(sandbox, SMS | changes)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert sandbox.sms() == []


@pytest.mark.parametrize("auth", [None, ("AC" + "1" * 32, "secret"), (SID, "")])
def test_sms_wants_credentials(sandbox: RunningSandbox, auth: tuple[str, str] | None) -> None:
    response = post_sms(sandbox, SMS, auth)
    assert (response.status_code, response.json()["code"]) == (401, 20003)


def get_sms(sandbox: RunningSandbox, sid: str, auth: tuple[str, str] | None = (SID, "secret")) -> httpx.Response:
    return httpx.get(f"{sandbox.url}/twilio/2010-04-01/Accounts/{SID}/Messages/{sid}.json", auth=auth)


def test_what_became_of_an_sms(sandbox: RunningSandbox) -> None:
    arrived, filtered = (
        get_sms(sandbox, post_sms(sandbox, SMS | {"To": to}).json()["sid"]).json()
        for to in ("+573001112233", "+573000030007")
    )
    assert (arrived["status"], arrived["error_code"]) == ("delivered", None)
    assert (filtered["status"], filtered["error_code"]) == ("undelivered", 30007)
    assert get_sms(sandbox, "SM0").status_code == 404
    assert get_sms(sandbox, arrived["sid"], None).status_code == 401


def test_sending_fails_as_told(sandbox: RunningSandbox) -> None:
    sandbox.control("fail_next", call="send_sms", mode="500")
    assert post_sms(sandbox, SMS).status_code == 500
    assert post_sms(sandbox, SMS).status_code == 201
