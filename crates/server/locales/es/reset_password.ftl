# A new password for whoever forgot theirs.

reset-heading = Poner una contraseña nueva
reset-lead = Dinos tu nombre de usuario o tu correo y te enviamos un código.
reset-refused-nobody = Escribe tu nombre de usuario o tu correo.
reset-send = Enviarme un código
reset-have-code = Ya tengo un código
# The second page.
reset-code-heading = Escribe tu código
reset-code-lead = Si hay una cuenta con ese nombre, se envió un código a su correo. Vale un cuarto de hora.
reset-code = Código
reset-code-hint = Diez letras y cifras del mensaje. Las mayúsculas y el guion dan igual.
reset-password = Contraseña nueva
reset-password-hint = Al menos ocho caracteres. Una frase de unas pocas palabras es fácil de recordar y difícil de adivinar.
reset-end-app-passwords = Terminar también todas las contraseñas de aplicación
reset-end-hint = Márcalo si alguien más pudo haber entrado en tu cuenta. Los programas que usen una dejarán de funcionar hasta que les des otra.
reset-submit = Poner la contraseña
reset-another-code = Enviarme otro código
reset-refused-empty = Escribe el código del mensaje.
reset-refused-expired = Este código ha caducado. Pide otro.
reset-refused-unfit = Una contraseña tiene de 8 a 256 caracteres.
reset-refused-wrong = El código no es correcto o ya se usó. Mira el mensaje más reciente o pide otro código.
# The third.
reset-done-heading = Tu contraseña es nueva
reset-done-lead = Se cerró la sesión en todas las aplicaciones y dispositivos.
reset-done-what = Vuelve a iniciar sesión con la contraseña nueva donde uses tu cuenta. Si aún tienes abierta una página nuestra de antes, puedes seguir allí.
