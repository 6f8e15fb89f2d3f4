"""The product with one guard taken out each, and the test that must fail on it.

A variant without a test of its own is a guard that could be lost unseen: `test_noticed.py` runs each test under
its variant, and `./dev chaos variants` without it as well.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import sqlalchemy as sa

from scheduler.domain.errors import Taken, WrongState
from scheduler.services.again import Again
from tests.broken import sharing
from tests.broken.cutting import Cut
from tests.broken.walls import without

_STORIES = "tests/stories/test_while_it_is_written.py::"
_OFFERS = "tests/stories/test_offers_are_kept_free.py::"
_BATCHES = "tests/stories/test_together.py::"
_CHANGES = "tests/stories/test_changing.py::"
_LEASES = "tests/scheduler/services/test_lease.py::"
_STAFF = "tests/scheduler/services/test_staff.py::"
_RESERVATIONS = "tests/scheduler/storage/test_reservations.py::"
_SERVICES = "scheduler.services."
_TOGETHER = "scheduler.services.planning.together."
_STORAGE = "scheduler.storage.repositories."


@dataclass(frozen=True, slots=True)
class Variant:
    """``told_by`` is the id of the test; where the guard's absence shows as an error of another kind than an
    assertion, ``by`` is that kind."""

    name: str
    without: str
    told_by: str
    applied: Callable[[], AbstractContextManager[None]]
    by: type[BaseException] = AssertionError


def _cut(
    where: str, old: str, new: str, *more: tuple[str, str]
) -> Callable[[], AbstractContextManager[None]]:
    return Cut(where, old, new, more).applied


VARIANTS = (
    Variant(
        "no exclusion constraint",
        "PostgreSQL's own refusal of two reservations of one subject at one time",
        f"{_RESERVATIONS}test_the_database_itself_refuses_an_overlap[postgresql-held]",
        lambda: without("ALTER TABLE lw_reservations DROP CONSTRAINT ex_lw_reservations_no_overlap"),
    ),
    Variant(
        "no trigger",
        "SQLite's own refusal of the same",
        f"{_RESERVATIONS}test_the_database_itself_refuses_an_overlap[sqlite-confirmed]",
        lambda: without("DROP TRIGGER tr_lw_reservations_no_overlap_insert"),
    ),
    Variant(
        "no trigger on a change",
        "the same where a reservation is moved onto another",
        f"{_RESERVATIONS}test_the_database_itself_refuses_an_overlap[sqlite-held]",
        lambda: without("DROP TRIGGER tr_lw_reservations_no_overlap_update"),
    ),
    Variant(
        "no look before the trigger",
        "the sentence that says who is taken, on SQLite",
        f"{_RESERVATIONS}test_what_is_taken_is_refused_by_name_and_nothing_stays[sqlite-0-30]",
        _cut(f"{_STORAGE}reservations:Reservations._insert_alone", "if not missed:", "if True:"),
        sa.exc.IntegrityError,
    ),
    Variant(
        "no ON CONFLICT",
        "a time that is taken is an answer and no error of the database",
        f"{_RESERVATIONS}test_what_is_taken_is_refused_by_name_and_nothing_stays[postgresql-0-30]",
        _cut(f"{_STORAGE}reservations:Reservations._insert", ".on_conflict_do_nothing()", ""),
        sa.exc.IntegrityError,
    ),
    Variant(
        "nobody is counted out",
        "who missed the time is told; the insert alone says nothing",
        f"{_RESERVATIONS}test_what_is_taken_is_refused_by_name_and_nothing_stays[postgresql-10-20]",
        _cut(f"{_STORAGE}reservations:Reservations._take", "if missed:", "if False:"),
    ),
    Variant(
        "no re-read at choose",
        "the look into the calendars when a plan is chosen",
        "tests/stories/test_promises.py::test_a_meeting_at_exactly_the_planned_time_is_seen_before_booking",
        _cut(
            f"{_SERVICES}booking.choose:_choose",
            "looked.broken + ",
            "",
        ),
    ),
    Variant(
        "no re-read before the write",
        "the look into the calendars right before an event is written",
        f"{_STORIES}test_a_meeting_that_comes_once_the_time_is_taken_is_never_written_over",
        _cut(f"{_SERVICES}booking.perform:_write_event", "    _recheck(run)\n", ""),
    ),
    Variant(
        "the look before the write never ages",
        "that look is taken again once it is half a minute old",
        f"{_STORIES}test_a_meeting_that_comes_between_two_slow_writes_is_never_written_over",
        _cut(f"{_SERVICES}booking.perform:_recheck", " and now - run.checked < FRESH", ""),
    ),
    Variant(
        "an expired hold confirmed",
        "what is no longer held is not confirmed",
        f"{_STORIES}test_a_booking_whose_times_were_lost_meanwhile_is_not_confirmed",
        _cut(
            f"{_SERVICES}booking.settle:_booked",
            "if not _still_held(tx, loop, application, interviews):",
            "if False:",
        ),
    ),
    Variant(
        "a hold not extended",
        "a hold lives as long as its booking goes on",
        f"{_STORIES}test_the_times_of_a_booking_that_takes_long_stay_taken",
        _cut(f"{_SERVICES}booking.perform:_begin", "if loop.state is LoopState.BOOKING:", "if False:"),
    ),
    Variant(
        "an event written for a cancelled loop",
        "each row is looked at again before it is carried out",
        f"{_STORIES}test_nothing_is_written_any_more_once_the_loop_is_cancelled",
        _cut(f"{_SERVICES}booking.perform:_perform", "if not _wanted(run, row):", "if False:"),
    ),
    Variant(
        "a late event left standing",
        "an event whose row was dropped meanwhile is taken back",
        f"{_STORIES}test_an_event_that_comes_too_late_is_taken_back",
        _cut(f"{_SERVICES}booking.perform:_write_event", "if not ours:", "if False:"),
    ),
    Variant(
        "no lease",
        "one job at a ledger at a time",
        f"{_LEASES}test_two_jobs_at_once_cancel_each_event_once",
        _cut(f"{_STORAGE}leases:Leases.take", "where=free", "where=sa.true()"),
    ),
    Variant(
        "no fence of a lease",
        "a worker that stood still too long writes no more",
        f"{_LEASES}test_who_was_stopped_too_long_writes_no_more",
        _cut(
            f"{_SERVICES}lease:Lease.extend",
            "if not tx.leases.take(self.name, self.holder, now, now + LASTS):",
            "if False:",
        ),
    ),
    Variant(
        "no fence of a generation",
        "whoever works on an older generation marks nothing",
        "tests/scheduler/storage/test_ledger.py::test_whoever_works_on_an_older_generation_marks_nothing[sqlite-done]",
        _cut(f"{_STORAGE}ledger:Ledger._mark", ", _TODO, CURRENT)", ", _TODO)"),
    ),
    Variant(
        "no deterministic id",
        "an event is written under the key that was noted, and so once however often it is tried",
        "tests/stories/test_afterwards.py::test_a_passing_outage_delays_the_booking_and_doubles_nothing[True]",
        _cut(
            f"{_SERVICES}booking.perform:_write_event",
            'codec.decode(EventIntent, row.payload["intent"])',
            'codec.decode(EventIntent, row.payload["intent"])\n'
            "    from uuid import uuid4\n"
            '    intent = replace(intent, key=f"{intent.key[:-1]}{uuid4().int >> 70}")',
        ),
    ),
    Variant(
        "no look before writing again",
        "who follows a killed worker looks for what that one may have written",
        f"{_STORIES}test_who_follows_a_killed_worker_looks_before_writing_again",
        _cut(f"{_SERVICES}booking.perform:_book", "if run.again and (", "if run.again is None and ("),
    ),
    Variant(
        "ledger row after the write",
        "every write is noted before it is made",
        f"{_STORIES}test_every_write_is_noted_before_it_is_made",
        _cut(
            f"{_SERVICES}booking.perform:_write_event",
            '    failpoint("K6")\n',
            "    with run.app.db.write() as tx:\n"
            "        tx.ledger.drop(run.loop.id, ids=[row.id])\n"
            '    failpoint("K6")\n',
            (
                "        ours = tx.ledger.done(row.id, result, row.loop)\n",
                "        row = replace(row, id=row.id + '-late')\n"
                "        tx.ledger.add_all([row])\n"
                "        ours = tx.ledger.done(row.id, result, row.loop)\n",
            ),
        ),
    ),
    Variant(
        "key ignored",
        "the same Idempotency-Key gives the same answer, and the effect once",
        "tests/scheduler/api/test_flow.py::test_a_key_gives_the_same_answer_and_the_effect_once",
        _cut(
            "scheduler.api.conditional.once:once",
            "    with app.db.write()",
            "    key = None\n    with app.db.write()",
        ),
    ),
    Variant(
        "condition ignored",
        "a change that names a stale tag is refused",
        "tests/scheduler/api/test_conditions.py::TestPut::test_a_stale_one_is_refused_with_what_changed",
        _cut(
            "scheduler.api.conditional.conditions:Conditions.check",
            "if self.match is not None and (tag is None or not self.match.strong(tag)):",
            "if False:",
        ),
    ),
    Variant(
        "head not compared",
        "a chain of facts whose end was cut off is found",
        "tests/scheduler/services/checking/test_heads.py::test_a_chain_that_was_cut_off_is_found",
        _cut("scheduler.services.checking.heads:compare", "for head in known:", "for head in ():"),
    ),
    Variant(
        "chain unchecked",
        "facts that were altered are found",
        "tests/scheduler/storage/test_facts.py::test_a_fact_put_in_between_is_found[sqlite]",
        _cut(
            f"{_STORAGE}facts:Facts.verify",
            "if fact.seq != seq + 1 or fact.seq > head.seq or not sound:",
            "if False:",
        ),
    ),
    Variant(
        "no takeover",
        "the work of a process that has ended is taken over",
        f"{_LEASES}test_a_process_of_this_machine_that_has_ended_is_taken_over_at_once",
        _cut(
            f"{_SERVICES}lease:_taken_over",
            "if had is not None and (is_gone(had) or _is_over(had)):",
            "if False:",
        ),
        Again,
    ),
    Variant(
        "who has just got a lease is over",
        "whoever takes a lease is known to be at work before anybody can see it",
        f"{_LEASES}test_who_has_just_got_it_is_not_taken_for_one_whose_work_is_over",
        _cut(f"{_SERVICES}lease:_running", "_RUNNING.add(holder)", "pass"),
    ),
    Variant(
        "no roll-call",
        "the jobs of a worker that is gone are taken over",
        f"{_STAFF}test_jobs_of_nobody_are_taken_over_and_of_who_works_are_not",
        _cut("scheduler.workers.roll:Roll.look", "if left:", "if False:"),
    ),
    Variant(
        "the living are taken over",
        "a worker that says that it is at work keeps its jobs",
        f"{_STAFF}test_jobs_of_nobody_are_taken_over_and_of_who_works_are_not",
        _cut("scheduler.workers.roll:Roll.look", "if run not in waits and", "if"),
    ),
    Variant(
        "a lost job stays lost",
        "what a worker took and is not at is done again",
        f"{_STAFF}test_a_job_that_this_worker_took_and_lost_is_done_again",
        _cut("scheduler.workers.roll:Roll._own", "if late:", "if False:"),
    ),
    Variant(
        "a lease for ever",
        "a job that hangs does not keep its lease",
        "tests/scheduler/test_watch.py::test_a_job_that_hangs_keeps_no_lease",
        _cut(f"{_SERVICES}lease:_keep", "if mine.hangs:", "if False:"),
    ),
    Variant(
        "the machine's clock",
        "leases are told by the database's clock",
        f"{_STAFF}test_a_machine_whose_clock_is_wrong_neither_ends_nor_is_ended[10]",
        _cut(f"{_STORAGE}leases:Leases.now", 'if self.connection.dialect.name != "postgresql":', "if True:"),
    ),
    Variant(
        "nobody looks after what waits",
        "a loop whose job was lost goes on",
        "tests/scheduler/services/booking/test_reconcile.py::test_held_times_whose_job_was_lost_are_written",
        _cut(f"{_SERVICES}booking.reconcile:_look_after", "jobs.awaited_again(app, tx, loop)", "pass"),
    ),
    Variant(
        "an offer not kept free",
        "what waits for somebody's yes is planned around",
        f"{_OFFERS}test_a_day_of_candidates_is_approved_one_after_the_other_without_a_no",
        _cut(f"{_TOGETHER}packing:_one", "around(picture, taken, further)", "around(picture, [], further)"),
        Taken,
    ),
    Variant(
        "an offer that never ends",
        "an offer is kept free until its time is over",
        f"{_OFFERS}test_it_ends_by_the_clock",
        _cut(f"{_TOGETHER}offers:standing", "timedelta(hours=policy.offer_hours)", "timedelta(days=999)"),
    ),
    Variant(
        "policy books over an offer",
        "what a person was offered is given away by a person only",
        f"{_OFFERS}test_policy_books_nothing_over_what_a_person_was_offered",
        _cut(f"{_TOGETHER}keeping:_keep", "outcome.contested and ", "False and "),
    ),
    Variant(
        "no fence between batches",
        "what was booked while a batch was solved is not offered once more",
        f"{_BATCHES}test_a_time_that_was_booked_meanwhile_is_not_offered",
        _cut(f"{_TOGETHER}keeping:_taken_since", "for row in booked]", "for row in booked[:0]]"),
        Taken,
    ),
    Variant(
        "no fence of a loop",
        "what came of planning is not kept for a loop that changed meanwhile",
        f"{_BATCHES}test_an_application_that_ends_meanwhile_is_left_alone",
        _cut(f"{_TOGETHER}keeping:_unchanged", "return now is not None and ", "return True or "),
        WrongState,
    ),
    Variant(
        "no order of locks",
        "everybody who takes people's time locks them in the same order",
        "tests/scheduler/storage/test_contention.py::"
        "test_those_who_name_the_same_people_the_other_way_round_do_not_wait_in_a_circle",
        _cut(
            "scheduler.storage.locks:lock_subjects",
            "sorted({_key(subject) for subject in subjects})",
            "[_key(subject) for subject in subjects]",
        ),
    ),
    Variant(
        "no savepoint for each loop",
        "a loop that cannot be read leaves the transaction to the others",
        "tests/scheduler/services/planning/test_gathering.py::"
        "test_a_loop_whose_statement_fails_costs_the_others_nothing[postgresql]",
        _cut("scheduler.services.planning.picture:gather_all", "with tx.part():", "if True:"),
    ),
    Variant(
        "no order in a batch",
        "whose time ends first is served first",
        f"{_BATCHES}test_what_they_get_is_taken_in_the_order_in_which_they_are_served",
        _cut(f"{_TOGETHER}waiting:urgency", "last_of(loop.horizon, loop.windows), ", "loop.created_at, "),
    ),
    Variant(
        "our own bookings counted",
        "a plan lost to another loop of ours is no lost try",
        f"{_BATCHES}test_what_we_booked_ourselves_is_never_somebodys_calendar",
        _cut(
            f"{_SERVICES}booking.losing:_start_over", "_not_ours(tx, loop, lost.broken)", "list(lost.broken)"
        ),
    ),
    Variant(
        "a digest for whoever asks",
        "somebody's mail of a day is written by who claims it first",
        "tests/scheduler/services/attention/test_digest.py::test_many_workers_write_one_mail",
        _cut(f"{_SERVICES}attention.digest:queue", " if tx.digests.claim(owner, day, now)]", "]"),
    ),
    Variant(
        "a closed matter stays closed",
        "what was said of one cause does not count for the next",
        "tests/scheduler/domain/test_attention.py::test_what_was_closed_comes_back_when_its_cause_changes",
        _cut(
            "scheduler.domain.attention.matters:kept",
            "if care.cause == matter.cause and care.closed_at is not None:",
            "if care.closed_at is not None:",
        ),
    ),
    Variant(
        "a yes frees the unknown",
        "who cannot be read is not free, whatever they agreed to",
        "tests/scheduler/services/planning/fixes/test_exempt.py::test_a_yes_frees_nobody_who_is_busy_or_unknown",
        _cut(f"{_SERVICES}planning.fixes.exempt:_working", " and one.id not in unknown", ""),
    ),
    Variant(
        "changes by hand not judged again",
        "what was tried is done only if every rule still allows it",
        f"{_CHANGES}test_a_calendar_that_filled_meanwhile_is_told",
        _cut(f"{_SERVICES}changing.applying:_still_allowed", "if broken:", "if False:"),
    ),
    Variant(
        "a locked seat forgotten",
        "who keeps a seat by a person's lock is not replaced by a repair",
        f"{_CHANGES}test_a_lock_is_kept_by_the_repair",
        _cut(
            f"{_SERVICES}planning.sessions:_Builder._locked",
            "return people if len(people) == count else ()",
            "return ()",
        ),
    ),
    Variant(
        "recurrence rule shared between threads",
        "every thread counts with a rule of its own",
        "tests/connectors/local/test_threads.py::test_all_threads_come_back_with_one_answer",
        sharing.shared_rules,
    ),
)
