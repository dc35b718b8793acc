"""`fengqiao load …`, `token …`, `account …`, `unit …`: what an administrator types, and the sentences that answer."""

import io
import json

import pytest
from django.utils import translation

from fengqiao.config import command
from fengqiao.config.demo.load import FILE, load
from fengqiao.kernel.models import Account, CalendarYear, Place, Post
from fengqiao.offices.accounts import tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def fengqiao(capsys, monkeypatch):
    """Run a sub-command: exit code, standard output, standard error."""

    def run(*words, typed=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        with translation.override("en"):
            code = command.main(list(words))
        said = capsys.readouterr()
        return code, said.out.strip(), said.err.strip()

    return run


CITY = "code,name\n990101,云溪市\n990101101,东溪镇\n990101101201,上湾村\n"


def test_a_register_is_told_and_then_stored(fengqiao, tmp_path):
    file = tmp_path / "yunxi.csv"
    file.write_text(CITY)
    code, out, _err = fengqiao("load", "places", str(file))
    assert code == 0
    assert "990101101 东溪镇: added" in out
    assert "--commit" in out
    assert not Place.objects.filter(pk="990101").exists()
    code, out, _err = fengqiao("load", "places", str(file), "--commit", "--json")
    answer = json.loads(out)
    assert (code, answer["committed"], answer["counts"]["added"]) == (0, True, 3)
    assert Place.objects.filter(pk="990101101201").exists()


def test_a_register_from_a_workbook(fengqiao, tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    file = tmp_path / "yunxi.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(CITY.splitlines()):
            code, name = line.split(",")
            sheet.write_row(number, 0, [int(code) if code.isdecimal() else code, name])
    code, out, _err = fengqiao("load", "places", str(file), "--json")
    assert (code, json.loads(out)["counts"]["added"]) == (0, 3)


def test_a_wrong_register_is_told_line_by_line(fengqiao, tmp_path):
    file = tmp_path / "wrong.csv"
    file.write_text("code,name\n990101,云溪市\n990101101201,上湾村\n")
    code, out, _err = fengqiao("load", "places", str(file))
    assert code == 1
    assert "990101101201" in out
    code, _out, err = fengqiao("load", "places", str(tmp_path / "missing.csv"))
    assert code == 2
    assert "cannot be read" in err


def test_a_file_that_is_no_register_gets_a_sentence(fengqiao, tmp_path):
    file = tmp_path / "names.csv"
    file.write_text("a,b\n1,2\n")
    code, _out, err = fengqiao("load", "places", str(file))
    assert code == 2
    assert err == "The file has no places. Please check that it is the right one."


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a,b\n1,2\n", "columns"),
        ("date,kind\n2027-13-01,rest\n", "not a date"),
        ("date,kind\n2027-01-01,off\n", "kind"),
    ],
)
def test_a_wrong_calendar_gets_a_sentence_and_changes_nothing(fengqiao, tmp_path, text, word):
    file = tmp_path / "2027.csv"
    file.write_text(text)
    code, _out, err = fengqiao("load", "calendar", str(file), "--commit")
    assert code == 2
    assert word in err
    assert not CalendarYear.objects.exists()


def test_a_calendar_is_told_then_stored_then_known(fengqiao, tmp_path):
    file = tmp_path / "2027.csv"
    file.write_text("date,kind,name\n2027-01-01,rest,元旦\n")
    assert "--commit" in fengqiao("load", "calendar", str(file))[1]
    assert not CalendarYear.objects.exists()
    assert "Stored." in fengqiao("load", "calendar", str(file), "--commit")[1]
    assert CalendarYear.objects.get().facts == [["2027-01-01", True, "元旦"]]
    assert "known already" in fengqiao("load", "calendar", str(file), "--commit")[1]


def test_a_new_city_from_nothing(fengqiao):
    assert (
        fengqiao("unit", "create", "--key", "hot", "--name", "热线", "--kind", "hotline_office", "--place", "330681")[0]
        == 0
    )
    code, out, _err = fengqiao("account", "create", "--user", "mei", "--name", "梅示例")
    assert code == 0
    account = Account.objects.get(username="mei")
    assert account.check_password(out.splitlines()[-1])
    assert account.password.startswith("argon2")
    code, _out, err = fengqiao("token", "create", "--user", "mei")
    assert (code, "holds no post" in err) == (2, True)
    fengqiao("account", "appoint", "--user", "mei", "--unit", "hot", "--role", "hotline_agent")
    code, out, _err = fengqiao("token", "create", "--user", "mei")
    assert tokens.post_of(out.splitlines()[-1]) == Post.objects.get()
    assert "mei" in fengqiao("account", "list")[1]
    assert "hot" in fengqiao("unit", "list")[1]


def test_of_several_posts_one_is_named(fengqiao, cast):
    from tests.cast import appoint

    second = appoint(cast.units["housing"], "unit_head", account=cast.li.account)
    code, _out, err = fengqiao("token", "create", "--user", "li")
    assert code == 2
    assert str(second.pk) in err
    assert str(cast.li.pk) in err
    code, out, _err = fengqiao("token", "create", "--user", "li", "--post", str(second.pk), "--json")
    assert tokens.post_of(json.loads(out)["token"]) == second
    assert fengqiao("token", "create", "--user", "li", "--post", str(cast.sun.pk))[0] == 2


def test_revoked_tokens_open_nothing(fengqiao, cast):
    secret = tokens.make(cast.li)
    fengqiao("token", "revoke", "--user", "li")
    assert tokens.post_of(secret) is None


def test_passwords_are_examined(fengqiao, cast):
    code, _out, _err = fengqiao("account", "password", "--user", "li", "--password-stdin", typed="12345678\n")
    assert code == 2
    code, _out, _err = fengqiao("account", "password", "--user", "li", "--password-stdin", typed="a-quiet-long-day\n")
    assert code == 0
    assert Account.objects.get(username="li").check_password("a-quiet-long-day")


def test_a_name_is_given_once(fengqiao, cast):
    assert fengqiao("account", "create", "--user", "li", "--name", "李")[0] == 2


def test_an_unknown_name_role_or_unit_gets_a_sentence(fengqiao, cast):
    assert "account list" in fengqiao("account", "unlock", "--user", "nobody")[2]
    assert "unit list" in fengqiao("account", "appoint", "--user", "li", "--unit", "x", "--role", "mediator")[2]
    assert "hotline_agent" in fengqiao("account", "appoint", "--user", "li", "--unit", "water", "--role", "king")[2]


def test_ending_a_post_and_closing_an_account(fengqiao, cast):
    secret = tokens.make(cast.li)
    assert fengqiao("account", "end-post", "--user", "li")[0] == 0
    assert tokens.post_of(secret) is None
    other = tokens.make(cast.sun)
    assert fengqiao("account", "close", "--user", "sun")[0] == 0
    assert tokens.post_of(other) is None
    fengqiao("account", "close", "--user", "sun", "--reopen")
    assert tokens.post_of(other) == cast.sun


def test_unlocking_and_resetting_say_what_happened(fengqiao, cast):
    assert "Nothing was counted" in fengqiao("account", "unlock", "--user", "li")[1]
    code, said, _error = fengqiao("account", "reset-second-factor", "--user", "li")
    assert (code, "Passkeys removed: 0." in said) == (0, True)


def test_the_demo_accounts_are_listed_one_a_line_as_they_are_typed(fengqiao, settings, tmp_path):
    settings.FENGQIAO_DATA = tmp_path
    assert fengqiao("demo")[1] == "0 accounts, 0 matters. Who may sign in: add --accounts"
    load()
    code, said, _error = fengqiao("demo", "--accounts")
    first, *_others = said.splitlines()
    assert code == 0
    password = json.loads((tmp_path / FILE).read_text())["chen"]
    assert first.split() == ["chen", password, "12345坐席", "·", "12345", "热线办公室"]
