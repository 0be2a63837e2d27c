# El formulario para una cuenta nueva.

sign-up-heading = Crear una cuenta
sign-up-for = para continuar a { $client }
sign-up-for-device = para continuar a una aplicación de tu dispositivo
sign-up-handle = Nombre de usuario
sign-up-handle-hint = Una palabra de letras, cifras y guiones. Con «alice» eres { $example }.
sign-up-email = Correo electrónico
sign-up-password = Contraseña
sign-up-password-hint = Al menos 8 caracteres. Una frase de unas pocas palabras es fácil de recordar y difícil de adivinar.
sign-up-invite = Código de invitación
sign-up-submit = Crear la cuenta
sign-up-sign-in = Ya tengo una cuenta
sign-up-link = Crear una cuenta

sign-up-refused = Algo no está bien todavía. Mira abajo y escribe tu contraseña otra vez.
sign-up-refused-handle = Esto no puede ser un nombre de usuario aquí. Usa al menos tres letras, cifras o guiones.
sign-up-refused-handle-taken = Este nombre de usuario está ocupado. Elige otro.
sign-up-refused-email = Escribe un correo electrónico, como nombre@example.com.
sign-up-refused-email-taken = Este correo ya tiene una cuenta aquí. Inicia sesión o usa otro correo.
sign-up-refused-password = Una contraseña tiene de 8 a 256 caracteres.
sign-up-refused-invite = Este código no es correcto o ya se usó.
sign-up-refused-failed = No se pudo crear la cuenta. Inténtalo de nuevo en un momento.
