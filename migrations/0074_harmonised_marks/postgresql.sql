-- Rankings rest on what marks are harmonised by, and on whether they are.
CREATE TRIGGER app_note_harmonisations_added AFTER INSERT ON harmonisations REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_phases();
CREATE TRIGGER app_note_harmonisations_gone AFTER DELETE ON harmonisations REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_phases();
CREATE TRIGGER app_note_harmonisations_changed AFTER UPDATE ON harmonisations REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_phases();
CREATE TRIGGER app_note_choices_added AFTER INSERT ON mark_choices REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_phases();
CREATE TRIGGER app_note_choices_gone AFTER DELETE ON mark_choices REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_phases();
CREATE TRIGGER app_note_choices_changed AFTER UPDATE ON mark_choices REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app_note_phases();
