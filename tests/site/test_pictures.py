import base64
import io

import pytest
from PIL import Image

from course_site import pictures


def inline(width: int, height: int, colour: int = 0) -> str:
    made = io.BytesIO()
    Image.new("L", (width, height), colour).save(made, format="png")
    return base64.b64encode(made.getvalue()).decode()


def test_a_picture_becomes_a_file_with_its_size_and_keeps_its_words(tmp_path):
    html = f'<img src="data:image/png;base64,{inline(30, 20)}" alt="A grey box, 30 by 20.">'
    shown = pictures.take_out(html, tmp_path, "../")
    (file,) = (tmp_path / pictures.FOLDER).iterdir()
    assert Image.open(file).size == (30, 20)
    assert f'src="../_static/figures/{file.name}" width="30" height="20"' in shown
    assert 'alt="A grey box, 30 by 20."' in shown
    assert 'loading="lazy"' in shown


def test_equal_pictures_are_one_file_and_others_are_not(tmp_path):
    html = "".join(
        f'<img src="data:image/png;base64,{inline(3, 3, c)}" alt="x">' for c in (0, 0, 9)
    )
    pictures.take_out(html, tmp_path, "")
    assert len(list((tmp_path / pictures.FOLDER).iterdir())) == 2


def test_what_is_no_picture_is_refused(tmp_path):
    said = base64.b64encode(b"something else").decode()
    with pytest.raises(ValueError, match=r"no PNG"):
        pictures.take_out(f'<img src="data:image/png;base64,{said}">', tmp_path, "")
