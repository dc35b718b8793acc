"""Papers (卷宗): files and issued papers, encrypted, checked by their content, numbered in the dossier.

papers         added, versioned, issued and frozen, opened, forgotten
uploads        what a file may be; images decoded anew in a child without rights
uploads_child  that child
"""
