from domain.states import JOB_TERMINAL, JOB_TRANSITIONS, SCENE_TRANSITIONS, JobStatus, SceneStatus


def test_every_state_has_its_moves_and_none_moves_to_itself() -> None:
    assert set(JOB_TRANSITIONS) == set(JobStatus)
    assert set(SCENE_TRANSITIONS) == set(SceneStatus)
    for transitions in (JOB_TRANSITIONS, SCENE_TRANSITIONS):
        assert all(state not in moves for state, moves in transitions.items())


def test_work_that_is_finished_can_only_be_taken_up_again() -> None:
    for job in JOB_TERMINAL:
        assert JOB_TRANSITIONS[job] <= {JobStatus.QUEUED, JobStatus.RUNNING}
    for scene in (SceneStatus.SUCCEEDED, SceneStatus.FAILED, SceneStatus.CANCELED):
        assert SCENE_TRANSITIONS[scene] <= {SceneStatus.QUEUED, SceneStatus.RUNNING}


def test_a_canceled_job_runs_only_after_it_was_queued_again() -> None:
    assert JOB_TRANSITIONS[JobStatus.CANCELED] == {JobStatus.QUEUED}
    assert SCENE_TRANSITIONS[SceneStatus.CANCELED] == {SceneStatus.QUEUED}


def test_a_scene_succeeds_without_running_when_its_clip_is_owned() -> None:
    assert SceneStatus.SUCCEEDED in SCENE_TRANSITIONS[SceneStatus.QUEUED]


def test_a_lost_worker_puts_job_and_scene_back_into_the_queue() -> None:
    assert JobStatus.QUEUED in JOB_TRANSITIONS[JobStatus.RUNNING]
    assert SceneStatus.QUEUED in SCENE_TRANSITIONS[SceneStatus.RUNNING]
