"""The routes of Supabase Auth that the product, its page and ``supabase-js`` call."""

import json
import re
from typing import Annotated, Any

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from fastapi import Depends, FastAPI, Header, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from sandbox.auth.failure import API_VERSION_HEADER, HANDLED, AuthError, answer_failure
from sandbox.auth.shapes import session_body, user_body
from sandbox.auth.store import AuthStore, EmailTakenError, UnknownRefreshTokenError, UsedRefreshTokenError, User
from sandbox.auth.tokens import TokenSigner

MIN_PASSWORD_CHARACTERS = 6
KEY_SET_MAX_AGE_SECONDS = 600
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class SignUp(BaseModel):
    email: str = ""
    password: str = ""
    data: dict[str, Any] = {}


class TokenRequest(BaseModel):
    email: str = ""
    password: str = ""
    refresh_token: str = ""


def auth_app(store: AuthStore, signer: TokenSigner, reuse_seconds: float) -> FastAPI:
    """An app to be mounted at ``/auth/v1``. The ``apikey`` header is taken and not checked: it is no secret."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Accept", "Authorization", "Content-Type", "X-Client-Info", "apikey", API_VERSION_HEADER],
        expose_headers=["X-Sb-Error-Code"],
    )
    for kind in HANDLED:
        app.add_exception_handler(kind, answer_failure)
    hasher = PasswordHasher(time_cost=1, memory_cost=1024)
    nobody = hasher.hash("nobody has this password")

    def signed_in(authorization: Annotated[str, Header()] = "") -> tuple[User, str]:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token")
        try:
            claims = signer.read(token)
        except jwt.PyJWTError as error:
            message = f"invalid JWT: unable to parse or verify signature, {error}"
            raise AuthError(403, "bad_jwt", message) from error
        user = store.user_of_session(claims["session_id"], claims["sub"])
        if user is None:
            message = "Session from session_id claim in JWT does not exist"
            raise AuthError(403, "session_not_found", message)
        return user, claims["session_id"]

    def opened(user: User) -> dict[str, Any]:
        session = store.open_session(user.id)
        return session_body(store.user_by_id(user.id), session, signer)

    @app.post("/signup")
    def sign_up(body: SignUp) -> dict[str, Any]:
        email = body.email.strip().lower()
        if not body.password:
            raise AuthError(400, "validation_failed", "Signup requires a valid password")
        if not EMAIL.fullmatch(email):
            raise AuthError(400, "validation_failed", "Unable to validate email address: invalid format")
        if len(body.password) < MIN_PASSWORD_CHARACTERS:
            message = f"Password should be at least {MIN_PASSWORD_CHARACTERS} characters."
            raise AuthError(422, "weak_password", message, {"weak_password": {"reasons": ["length"]}})
        try:
            user = store.create_user(email, hasher.hash(body.password), json.dumps(body.data))
        except EmailTakenError as error:
            raise AuthError(422, "user_already_exists", "User already registered") from error
        return opened(user)

    @app.post("/token")
    def token(body: TokenRequest, grant_type: str = "") -> dict[str, Any]:
        match grant_type:
            case "password":
                user = store.user_by_email(body.email.strip().lower())
                try:
                    hasher.verify(user.password_hash if user else nobody, body.password)
                except VerifyMismatchError:
                    user = None
                if user is None:
                    raise AuthError(400, "invalid_credentials", "Invalid login credentials")
                return opened(user)
            case "refresh_token":
                try:
                    session = store.rotate(body.refresh_token, reuse_seconds)
                except UsedRefreshTokenError as error:
                    message = "Invalid Refresh Token: Already Used"
                    raise AuthError(400, "refresh_token_already_used", message) from error
                except UnknownRefreshTokenError as error:
                    message = "Invalid Refresh Token: Refresh Token Not Found"
                    raise AuthError(400, "refresh_token_not_found", message) from error
                return session_body(store.user_by_id(session.user_id), session, signer)
        raise AuthError(400, "invalid_credentials", "unsupported_grant_type")

    @app.get("/user")
    def read_user(who: Annotated[tuple[User, str], Depends(signed_in)]) -> dict[str, Any]:
        return user_body(who[0])

    @app.post("/logout", status_code=204)
    def log_out(who: Annotated[tuple[User, str], Depends(signed_in)], scope: str = "global") -> Response:
        store.end_sessions(who[0].id, who[1], scope)
        return Response(status_code=204)

    @app.get("/.well-known/jwks.json")
    def key_set() -> JSONResponse:
        headers = {"Cache-Control": f"public, max-age={KEY_SET_MAX_AGE_SECONDS}"}
        return JSONResponse(signer.key_set(), headers=headers)

    @app.get("/health")
    def health() -> dict[str, str]:
        description = "GoTrue is a user registration and authentication API"
        return {"version": "recast-sandbox", "name": "GoTrue", "description": description}

    @app.get("/settings")
    def read_settings() -> dict[str, Any]:
        return {
            "external": {"anonymous_users": False, "email": True, "phone": False, "google": False},
            "disable_signup": False,
            "mailer_autoconfirm": True,
            "phone_autoconfirm": False,
            "sms_provider": "",
            "saml_enabled": False,
        }

    return app
