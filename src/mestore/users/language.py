"""In which language somebody gets letters, as the browser said when the account was made."""

from typing import Annotated

from fastapi import Depends, Request


def letter_language(request: Request) -> str:
    """Spanish, the language of this market, unless the reader's first language is English."""
    return "en" if request.headers.get("accept-language", "").strip().lower().startswith("en") else "es"


LetterLanguage = Annotated[str, Depends(letter_language)]
