from harness.classroom.configuration import CONFIG, amended, configuration

OLD = "c = get_config()\nc.CourseDirectory.course_id = 'old'"


def _read(text):
    """The settings that a configuration makes, as (section, name)."""
    from traitlets.config import Config

    config = Config()
    exec(compile(text, CONFIG, "exec"), {"get_config": lambda: config, "__file__": "/class/x.py"})
    return config


def test_an_older_classroom_is_amended_once_and_keeps_what_it_had(tmp_path):
    path = tmp_path / CONFIG
    path.write_text(OLD)
    path.chmod(0o640)
    assert "start it anew" in amended(tmp_path)
    config = _read(path.read_text())
    assert config.CourseDirectory.course_id == "old"
    assert config.Autograde.exporter_class.endswith(".CourseAutograde")
    assert path.stat().st_mode & 0o777 == 0o640
    assert amended(tmp_path) is None


def test_a_new_classroom_needs_no_amendment(tmp_path):
    (tmp_path / CONFIG).write_text(configuration("x", "sqlite:///a.db"))
    assert amended(tmp_path) is None
    assert _read(configuration("x", None)).GenerateFeedback.exporter_class.endswith("Feedback")


def test_a_teacher_s_own_class_stays(tmp_path):
    own = OLD + '\nc.Autograde.exporter_class = "mine.A"\n'
    (tmp_path / CONFIG).write_text(own)
    assert amended(tmp_path) is not None
    config = _read((tmp_path / CONFIG).read_text())
    assert config.Autograde.exporter_class == "mine.A"
    assert config.GenerateFeedback.exporter_class.endswith(".CourseFeedback")
