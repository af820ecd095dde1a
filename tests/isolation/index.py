"""Which test shows each isolation case; docs/isolation.md is written from it, and test_index.py holds both together."""

from __future__ import annotations

from dataclasses import dataclass

SCOPES = "tests/core/db/test_scopes.py::"
ATTACKS = "tests/core/db/test_attacks.py::"
JOBS = "tests/core/jobs/test_"
HTTP = "tests/core/http/test_"
FILES = "tests/core/guard/test_files.py::"
LINKS = "tests/tenants/test_links.py::"
KEPT = "tests/isolation/test_i06_process_wide_state.py::"
MATRIX = "tests/architecture/test_access_matrix.py::"


@dataclass(frozen=True)
class Case:
    """What must not happen, the tests that would notice, and what of it does not exist yet."""

    title: str
    tests: tuple[str, ...]
    not_yet: str = ""


CASES = {
    "I1": Case(
        "Interleaved requests with the same ids show only their own dealership",
        ("tests/isolation/test_i01_interleaved_requests.py::test_every_body_holds_its_own_marker_only",),
    ),
    "I2": Case(
        "A pooled connection keeps neither role nor path, after errors and time-outs too",
        (f"{SCOPES}test_an_idle_connection_is_nobodys", f"{SCOPES}test_without_a_scope_every_statement_fails"),
    ),
    "I3": Case(
        "Role and path are set LOCAL only",
        (
            "tests/isolation/test_i03_only_local_settings.py::test_no_statement_sets_role_or_path_without_local",
            f"{SCOPES}test_the_context_is_set_at_every_begin",
        ),
        "no deployment of ours has PgBouncer; the run of the suite behind it comes with the first that does",
    ),
    "I4": Case(
        "Nested contexts return to the outer one, after errors too",
        (
            f"{SCOPES}test_nested_tenants_each_see_their_own_rows_and_the_outer_one_afterwards",
            f"{SCOPES}test_a_session_refuses_another_scope_than_its_first",
        ),
        "no page streams its body yet",
    ),
    "I5": Case(
        "A thread without a context fails and never inherits one",
        (f"{SCOPES}test_a_thread_without_a_context_fails_and_a_copied_context_keeps_its_own",),
    ),
    "I6": Case(
        "What a process keeps is keyed by tenant or holds nobody's data",
        (
            f"{KEPT}test_everything_a_process_keeps_is_reviewed",
            f"{KEPT}test_the_same_role_id_means_something_else_in_each_dealership",
            "tests/core/guard/test_vault.py::test_the_cache_is_bounded_and_keyed_by_tenant",
        ),
    ),
    "I7": Case(
        "No statement carries a schema's name from one dealership into another",
        (
            "tests/isolation/test_i03_only_local_settings.py::test_nothing_translates_schema_names",
            f"{SCOPES}test_lazy_values_are_not_loaded_in_another_tenant",
        ),
    ),
    "I8": Case(
        "A task runs in the tenant of its row, through retries, delays and steps",
        (
            f"{JOBS}runner.py::test_messages_of_invented_tenants_change_nothing",
            f"{JOBS}runner.py::test_a_failure_rolls_the_effect_back_and_waits_longer_each_time",
            f"{JOBS}jobs.py::test_steps_follow_each_other_to_the_end",
            f"{JOBS}outbox.py::test_future_rows_are_hinted_for_their_time_and_not_sent",
        ),
    ),
    "I9": Case(
        "A tick of the clock ends in each dealership's own schema, once",
        (
            f"{JOBS}ticks.py::test_one_slot_is_one_run_per_tenant_however_often_beat_speaks",
            f"{JOBS}ticks.py::test_two_beats_at_once_are_one_run_per_slot",
        ),
    ),
    "I10": Case(
        "A forged or replayed message changes nothing elsewhere",
        (
            f"{JOBS}runner.py::test_a_message_with_a_forged_tenant_changes_nothing",
            f"{JOBS}dead_letters.py::test_a_replay_runs_it_from_its_first_attempt",
            f"{JOBS}dead_letters.py::test_replay_all_takes_every_dead_row_of_that_tenant_alone",
        ),
    ),
    "I11": Case(
        "One worker process keeps nothing of one dealership for the next",
        (f"{JOBS}runner.py::test_one_process_runs_a_then_b_then_failing_a_and_b_sees_only_b",),
    ),
    "I12": Case(
        "Files lie under their own tenant's id and open for it alone",
        (
            "tests/isolation/test_i12_files.py::test_interleaved_uploads_stay_with_their_owners",
            f"{FILES}test_another_tenants_file_does_not_exist",
            f"{FILES}test_a_row_copied_to_another_tenant_finds_no_bytes",
        ),
    ),
    "I13": Case(
        "A session is good for its tenant and host only",
        (
            f"{HTTP}server_sessions.py::test_a_cookie_of_one_dealership_is_nothing_at_another_and_stays_what_it_was",
            f"{HTTP}server_sessions.py::test_a_session_is_good_at_its_own_host_only",
            f"{HTTP}server_sessions.py::test_over_https_the_cookie_belongs_to_the_host_by_its_name",
        ),
    ),
    "I14": Case(
        "No cookie names a domain",
        ("tests/isolation/test_i14_cookies.py::test_no_cookie_of_ours_names_a_domain",),
        "there is no single sign-on whose token could be carried over",
    ),
    "I15": Case(
        "Two dealerships in one browser do not disturb each other",
        (
            f"{HTTP}server_sessions.py::test_two_dealerships_in_one_browser_do_not_disturb_each_other",
            "tests/isolation/test_i01_interleaved_requests.py::test_going_back_and_forth_mixes_nothing",
        ),
    ),
    "I16": Case(
        "Ids of others are answered like ids that nobody has",
        (
            f"{MATRIX}test_ids_of_another_dealership_are_missing_ids",
            f"{MATRIX}test_ids_of_another_store_are_missing_ids",
            f"{MATRIX}test_malformed_ids_are_missing_ids",
            "tests/isolation/test_i16_neighbouring_ids.py::test_neighbours_are_missing",
        ),
    ),
    "I17": Case(
        "Links carry the dealership's own host, and are nothing at another",
        (
            f"{LINKS}test_the_mail_carries_the_dealerships_own_address_whatever_the_request_said",
            f"{LINKS}test_a_link_of_one_dealership_is_nothing_at_another_even_with_the_same_ids",
            f"{HTTP}hosts.py::test_an_unknown_host_is_a_404_without_a_statement_in_any_tenant",
        ),
    ),
    "I18": Case(
        "What a client says about the tenant has no effect",
        (
            "tests/isolation/test_i18_claimed_tenants.py::test_headers_do_not_choose",
            "tests/isolation/test_i18_claimed_tenants.py::test_queries_do_not_choose",
            "tests/isolation/test_i18_claimed_tenants.py::test_bodies_do_not_choose",
        ),
    ),
    "I19": Case(
        "Every Redis key says whose it is",
        (
            "tests/isolation/test_i19_redis_keys.py::test_every_key_says_whose_it_is",
            "tests/core/lists/test_saved_filters.py::test_another_tenant_has_no_such_filter",
        ),
        "web sockets do not exist; the search index is a table, and exports are files (I12)",
    ),
    "I20": Case(
        "A missing table is an error and never somebody else's",
        (f"{SCOPES}test_a_missing_table_is_an_error_and_never_somebody_elses",),
    ),
    "I21": Case(
        "A fragment injected into a statement cannot change tenant",
        (
            f"{ATTACKS}test_an_injected_fragment_never_reaches_another_tenant",
            f"{ATTACKS}test_a_stacked_copy_is_refused_whole",
            f"{ATTACKS}test_a_tenant_has_nothing_but_its_own_rows",
            f"{ATTACKS}test_the_login_by_itself_can_do_nothing",
        ),
    ),
    "I22": Case(
        "A deleted dealership leaves no schema, role, file, key or session",
        (
            "tests/tenants/test_lifecycle.py::test_after_deletion_nothing_is_left",
            "tests/tenants/test_lifecycle.py::test_killed_half_way_the_deletion_is_finished_by_a_retry",
        ),
        "backups are not made by the product yet, so none has to expire",
    ),
}


def page() -> str:
    """The table of docs/isolation.md."""
    lines = ["| case | what holds | shown by |", "| --- | --- | --- |"]
    for name, case in CASES.items():
        shown = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in case.tests)
        later = f"<br>Not yet applicable: {case.not_yet}." if case.not_yet else ""
        lines.append(f"| {name} | {case.title} | {shown}{later} |")
    return "\n".join(lines) + "\n"
