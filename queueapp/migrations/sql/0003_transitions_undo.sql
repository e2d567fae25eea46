DROP TRIGGER tasks_inserted ON tasks;
DROP TRIGGER tasks_updated ON tasks;
DROP TRIGGER tasks_deleted ON tasks;
DROP TRIGGER tasks_become_ready ON tasks;
DROP TRIGGER tasks_before_insert ON tasks;
DROP TRIGGER tasks_identity_fixed ON tasks;
DROP TRIGGER tasks_cancel_requested ON tasks;
DROP FUNCTION tasks_inserted, tasks_updated, tasks_deleted, tasks_draw_ready_seq, tasks_before_insert,
    refuse_task_update, tasks_log_cancel_request, append_task_log, refuse_transition, taskrunner_actor, taskrunner_who;
DROP SEQUENCE task_ready_seq;
DROP TABLE task_transitions;
